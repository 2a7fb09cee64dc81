"""An exact test for right or wrong answers: only rows count where one model errs alone."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from modelwright.engine.abtest.blocks import Blocks, Floats
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.methods.base import Method
from modelwright.engine.abtest.mixture import POWER_SHIFT, RELATIVE_WIDTH
from modelwright.engine.abtest.results import Interval

UNPLANNED = 10.0
FARTHEST = 0.9
NODES = 200
REACH = 9.0
ROUNDS = 45
EDGE = 1 - 1e-9
HALF = 0.5


class BetaBinomialMethod(Method):
    """The beta-binomial e-value on discordant pairs, and the interval that belongs to it.

    Of w rows where only the champion erred and l where only the challenger did, the evidence
    against equal models is ``B(a + w, b + l) / B(a, b) * 2 ** (w + l)``, an average of the bets
    ``(1 + x) ** w * (1 - x) ** l`` over x = 2 p - 1 with p from a beta distribution. Against a
    difference of m the bet of a row is 1 + x (d - m), with d = 1, -1 or 0; three counts are all
    that it needs. Exact for any number of rows that don't depend on each other.

    Parameters
    ----------
    design : Design
        What is fixed before. With `planned_rows` and `discordance` the bets are those on the
        planned effect, either way.
    blocks : Blocks
        The differences so far, in blocks of one row.

    References
    ----------
    Robbins (1970), Statistical methods related to the law of the iterated logarithm, Ann. Math.
    Statist. 41; Waudby-Smith, Ramdas (2024), Estimating means of bounded random variables by
    betting, J. R. Statist. Soc. B 86 (arXiv 2010.09686).

    Examples
    --------
    >>> method = BetaBinomialMethod(Design(), Blocks())
    >>> method.add(np.array([1.0] * 40 + [-1.0] * 10 + [0.0] * 950))
    >>> round(method.log_evidence(), 2)
    6.11
    >>> found = method.interval()
    >>> round(found.lower, 3), round(found.upper, 3)
    (0.008, 0.054)
    """

    name: ClassVar[str] = "beta_binomial"
    exact: ClassVar[bool] = True

    def __init__(self, design: Design, blocks: Blocks) -> None:
        super().__init__(design, blocks)
        if design.block > 1:
            raise ABTestError(
                "beta_binomial takes single rows: with a period or a horizon use asymptotic."
            )
        self.prior = beta_prior(design)
        self.wins = self.losses = self.ties = 0

    def check(self, differences: Floats) -> None:
        """Refuse a difference that is neither -1, 0 nor 1."""
        if not np.isin(differences, (-1.0, 0.0, 1.0)).all():
            raise ABTestError(
                "beta_binomial takes losses of 0 and 1: give 1 where the answer was wrong, or use"
                " betting (bounded losses) or asymptotic."
            )

    def add(self, differences: Floats) -> None:
        """Count rows."""
        self.wins += int((differences == 1.0).sum())
        self.losses += int((differences == -1.0).sum())
        self.ties += int((differences == 0.0).sum())

    def interval(self) -> Interval | None:
        """Return the interval; before the first row it is all that is possible."""
        rows = self.wins + self.losses + self.ties
        if not rows:
            return None
        middle = (self.wins - self.losses) / rows
        p = self._nodes()
        density = _log_density(p, self.prior)
        return Interval(self._end(middle, -EDGE, p, density), self._end(middle, EDGE, p, density))

    def log_evidence(self) -> float:
        """Return the evidence against no difference, in closed form."""
        return float(
            closed_form(np.array(float(self.wins)), np.array(float(self.losses)), self.prior)
        )

    def log_evidence_above(self, difference: float) -> float:
        """Return the evidence against a difference of at most so much."""
        p = self._nodes(HALF)
        density = _log_density(p, self.prior)
        return self._against(difference, p, density) - _log_integral(p, density)

    def state(self) -> dict[str, Any]:
        """Return the counts."""
        return {"wins": self.wins, "losses": self.losses, "ties": self.ties}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the counts."""
        self.wins, self.losses, self.ties = (int(state[k]) for k in ("wins", "losses", "ties"))

    def _end(self, inside: float, outside: float, p: Floats, density: Floats) -> float:
        """Return where between two differences the evidence reaches its bound."""
        wanted = -math.log(self.design.alpha)
        inside = min(max(inside, -EDGE), EDGE)
        if self._against(outside, p, density) < wanted:
            return math.copysign(1.0, outside)
        for _ in range(ROUNDS):
            half = (inside + outside) / 2
            if self._against(half, p, density) < wanted:
                inside = half
            else:
                outside = half
        return outside

    def _against(self, difference: float, p: Floats, density: Floats) -> float:
        """Integrate the bets against a difference over their beta distribution."""
        share = 2 * p - 1
        # The largest bets, either way, are those that the worst row just brings down to nothing.
        bet = np.where(share > 0, share / (1 + difference), share / (1 - difference))
        with np.errstate(divide="ignore"):
            factors = (
                _times(self.wins, np.log1p(bet * (1 - difference)))
                + _times(self.losses, np.log1p(-bet * (1 + difference)))
                + _times(self.ties, np.log1p(-bet * difference))
            )
        return _log_integral(p, factors + density)

    def _nodes(self, start: float = 0.0) -> Floats:
        """Return points over all of the distribution, dense where the bets pay."""
        discordant = self.wins + self.losses
        middle = (self.wins + 1) / (discordant + 2)
        spread = REACH / (2 * math.sqrt(discordant + 4))
        dense = np.linspace(max(start, middle - spread), min(1.0, middle + spread), NODES)
        a, b = self.prior
        prior_spread = REACH * math.sqrt(a * b / (a + b + 1)) / (a + b)
        peaks = [
            np.linspace(max(start, peak - prior_spread), min(1.0, peak + prior_spread), NODES)
            for peak in {a / (a + b), b / (a + b)}
        ]
        every = np.concatenate([dense, *peaks, np.linspace(start, 1.0, NODES)])
        inside = every[(every >= start) & (every > 0) & (every < 1)]
        return np.unique(np.concatenate([inside, [max(start, 1e-12), 1 - 1e-12]]))


def beta_prior(design: Design) -> tuple[float, float]:
    """Return the beta distribution of the share of discordant rows that the challenger wins.

    Examples
    --------
    >>> beta_prior(Design())
    (10.0, 10.0)
    >>> a, b = beta_prior(Design(planned_rows=5000, discordance=0.06))
    >>> round(a / (a + b), 3)
    0.591
    """
    if design.planned_rows is None or design.discordance is None:
        return UNPLANNED, UNPLANNED
    centre = min(POWER_SHIFT / math.sqrt(design.planned_rows * design.discordance), FARTHEST)
    p = (1 + centre) / 2
    size = 4 * p * (1 - p) / (centre * RELATIVE_WIDTH) ** 2 - 1
    return p * size, (1 - p) * size


def closed_form(wins: Floats, losses: Floats, prior: tuple[float, float]) -> Floats:
    """Return the logarithm of the beta-binomial e-value against equal models.

    Parameters
    ----------
    wins, losses : ndarray
        Rows where only the champion erred, and where only the challenger did.
    prior : (float, float)
        The beta distribution; its mirror image gets half of the weight.

    Examples
    --------
    >>> bool(np.isclose(closed_form(np.array(5.0), np.array(0.0), (1.0, 1.0)), np.log(32 / 6)))
    True
    """
    a, b = prior
    straight = _log_beta(wins + a, losses + b)
    mirrored = _log_beta(wins + b, losses + a)
    both = np.logaddexp(straight, mirrored) - math.log(2)
    return np.asarray(both - _log_beta(np.array(a), np.array(b)) + (wins + losses) * math.log(2))


def _log_beta(a: Floats, b: Floats) -> Floats:
    return np.asarray(_log_gamma(a) + _log_gamma(b) - _log_gamma(a + b))


_log_gamma = np.vectorize(math.lgamma, otypes=[float])


def _log_density(p: Floats, prior: tuple[float, float]) -> Floats:
    a, b = prior
    logs, others = np.log(p), np.log1p(-p)
    straight = (a - 1) * logs + (b - 1) * others
    mirrored = (b - 1) * logs + (a - 1) * others
    both = np.logaddexp(straight, mirrored) - math.log(2)
    return np.asarray(both - _log_beta(np.array(a), np.array(b)))


def _log_integral(p: Floats, logs: Floats) -> float:
    highest = float(logs.max())
    return highest + math.log(float(np.trapezoid(np.exp(logs - highest), p)))


def _times(count: int, logs: Floats) -> Floats:
    """Multiply; no row adds nothing, whatever its bet."""
    return logs * count if count else np.zeros_like(logs)
