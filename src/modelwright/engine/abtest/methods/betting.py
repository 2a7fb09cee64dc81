"""Bets on bounded differences: exact for any number of independent rows."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from modelwright.engine.abtest.blocks import Blocks, Floats
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.methods.base import Method
from modelwright.engine.abtest.mixture import DEFAULT_ROWS
from modelwright.engine.abtest.results import Interval

SIZES = np.array([0.5, 1.0, 2.0])
WEIGHTS = np.array([0.25, 0.5, 0.25])
WATCHED_ROWS = 30
MOST_LOST = 0.9
GRID_SIDE = 120
FINEST = 1e-4
CHUNK = 1024


class BettingMethod(Method):
    """The hedged betting confidence sequence, for losses between two known bounds.

    Against every difference of a grid two gamblers bet, one on more and one on less. A row
    multiplies a gambler's money by 1 +- x (d - m); the bet x was chosen before, from the variance
    of the rows before, as the best one for a test of the planned length, halved and doubled too.
    Nobody bets on the first 30 values. A difference is refuted where the mean money of both has
    become 1 / alpha.

    Parameters
    ----------
    design : Design
        What is fixed before; needs `bounds`.
    blocks : Blocks
        The differences so far.

    References
    ----------
    Waudby-Smith, Ramdas (2024), Estimating means of bounded random variables by betting, J. R.
    Statist. Soc. B 86 (arXiv 2010.09686), sections 4.1 to 4.4.

    Examples
    --------
    >>> method = BettingMethod(Design(bounds=(0, 1)), Blocks())
    >>> method.add(np.random.default_rng(0).beta(4, 6, size=1000) - 0.3)
    >>> found = method.interval()
    >>> round(found.lower, 2), round(found.upper, 2)
    (0.08, 0.11)
    """

    name: ClassVar[str] = "betting"
    exact: ClassVar[bool] = True

    def __init__(self, design: Design, blocks: Blocks) -> None:
        super().__init__(design, blocks)
        if design.bounds is None:
            raise ABTestError(
                "betting needs bounds=(lowest, highest) of the loss: give them, or use asymptotic."
            )
        self.reach = design.bounds[1] - design.bounds[0]
        self.grid = difference_grid(design.margin / self.reach)
        self.bets = Bets(self.grid, design)
        self.rest: list[float] = []

    def check(self, differences: Floats) -> None:
        """Refuse differences of losses that were out of their bounds."""
        if np.any(np.abs(differences) > self.reach * (1 + FINEST**2)):
            raise ABTestError(f"A loss is out of its bounds {self.design.bounds}: give wider ones.")

    def add(self, differences: Floats) -> None:
        """Let the gamblers bet on the rows, or on means of as many as the design's block has."""
        scaled = np.concatenate([self.rest, differences / self.reach])
        block = self.design.block
        whole = len(scaled) // block * block
        self.rest = scaled[whole:].tolist()
        self.bets.add(np.clip(scaled[:whole].reshape(-1, block).mean(axis=1), -1, 1)[:, None])

    def interval(self) -> Interval | None:
        """Return the interval, its ends on the grid."""
        if self.bets.rows <= WATCHED_ROWS:
            return None
        inside = np.flatnonzero(self.bets.both()[:, 0] < -math.log(self.design.alpha))
        if not len(inside):
            return None
        ends = self.grid[[max(inside[0] - 1, 0), min(inside[-1] + 1, len(self.grid) - 1)]]
        # Both ends are refuted: the interval is open there.
        lower, upper = np.nextafter(ends * self.reach, [math.inf, -math.inf])
        return Interval(float(lower), float(upper))

    def log_evidence(self) -> float:
        """Return the money won against no difference."""
        return float(self.bets.both()[self._index(0.0), 0])

    def log_evidence_above(self, difference: float) -> float:
        """Return what the gambler on more won, at the next larger difference of the grid."""
        return float(self.bets.more()[self._index(difference / self.reach), 0])

    def waiting(self) -> str | None:
        """Say why no difference is left, or that nobody bets yet."""
        if self.bets.rows <= WATCHED_ROWS:
            return f"nobody bets on the first {WATCHED_ROWS} values"
        if self.interval() is None:
            return "no difference fits all rows: it changed on the way"
        return None

    def state(self) -> dict[str, Any]:
        """Return the gamblers' money."""
        return {"rest": self.rest, **self.bets.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the gamblers' money."""
        self.rest = list(state["rest"])
        self.bets.restore(state)

    def _index(self, scaled: float) -> int:
        return min(int(np.searchsorted(self.grid, scaled - FINEST**3)), len(self.grid) - 1)


class Bets:
    """The gamblers' money against each difference of a grid, for one or more runs.

    Parameters
    ----------
    grid : ndarray, shape (n_grid,)
        Differences between -1 and 1.
    design : Design
        For alpha and the planned rows.
    runs : int
        Sequences that are taken side by side.
    """

    def __init__(self, grid: Floats, design: Design, runs: int = 1) -> None:
        planned = (design.planned_rows or DEFAULT_ROWS) / design.block
        self.grid = grid
        self.scale = math.sqrt(2 * math.log(2 / design.alpha) / planned)
        self.rows = 0
        self.total = np.zeros(runs)
        self.squares = np.zeros(runs)
        self.money = np.zeros((2, len(SIZES), len(grid), runs))

    def add(self, values: Floats) -> None:
        """Take further values, shape (n_values, n_runs), between -1 and 1."""
        for start in range(0, len(values), CHUNK):
            self._take(values[start : start + CHUNK])

    def _take(self, values: Floats) -> None:
        before = self.rows + np.arange(len(values))[:, None]
        totals = self.total + np.cumsum(values, axis=0) - values
        squares = self.squares + np.cumsum(values**2, axis=0) - values**2
        known = np.maximum(before, 1)
        # A spread that only few rows show may be larger: it isn't taken for less than 1 / rows.
        variance = np.maximum(squares / known - (totals / known) ** 2, 0) + 1 / (before + 1.0) ** 2
        usual = np.where(before < WATCHED_ROWS, 0.0, self.scale / np.sqrt(variance))
        self.rows += len(values)
        self.total = self.total + values.sum(axis=0)
        self.squares = self.squares + (values**2).sum(axis=0)
        gain = values[:, None, :] - self.grid[:, None]
        # The largest loss that a row can bring is known, and a tenth of the money at least is kept.
        for side, sign, most in ((0, 1.0, 1 + self.grid), (1, -1.0, 1 - self.grid)):
            limit = MOST_LOST / np.maximum(most, FINEST)[:, None]
            for i, size in enumerate(SIZES):
                bet = np.minimum(usual[:, None, :] * size, limit)
                self.money[side, i] += np.log1p(sign * bet * gain).sum(axis=0)

    def more(self) -> Floats:
        """Return the logarithm of the money won on more, shape (n_grid, n_runs)."""
        return self._mean(0)

    def both(self) -> Floats:
        """Return the logarithm of the mean money of both gamblers, shape (n_grid, n_runs)."""
        return np.asarray(np.logaddexp(self._mean(0), self._mean(1)) - math.log(2))

    def state(self) -> dict[str, Any]:
        """Return all as plain data that JSON can hold; of one run only."""
        return {
            "rows": self.rows,
            "total": float(self.total[0]),
            "squares": float(self.squares[0]),
            "money": self.money[..., 0].tolist(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave."""
        self.rows = int(state["rows"])
        self.total = np.array([state["total"]], dtype=float)
        self.squares = np.array([state["squares"]], dtype=float)
        self.money = np.array(state["money"], dtype=float)[..., None]

    def _mean(self, side: int) -> Floats:
        weighted = self.money[side] + np.log(WEIGHTS)[:, None, None]
        highest = weighted.max(axis=0)
        return np.asarray(highest + np.log(np.exp(weighted - highest).sum(axis=0)))


def difference_grid(margin: float) -> Floats:
    """Return differences from -1 to 1, dense around 0, with 0 and the margin on both sides.

    Examples
    --------
    >>> grid = difference_grid(0.02)
    >>> len(grid), float(grid[0]), float(grid[-1]), 0.02 in grid, 0.0 in grid
    (243, -1.0, 1.0, True, True)
    """
    side = np.geomspace(FINEST, 1.0, GRID_SIDE)
    positive = np.unique(np.append(side, min(margin, 1.0))) if margin else side
    return np.concatenate([-positive[::-1], [0.0], positive])
