"""How many rows a test needs."""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from modelwright.engine.abtest.blocks import MIN_BLOCKS, Blocks, Floats
from modelwright.engine.abtest.dependence import summarise
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.mixture import NormalMixture, log_normal_cdf
from modelwright.engine.abtest.paired import checked_losses

NORMAL = NormalDist()
LONGEST = 4.0
LOOKS = 400
POINTS = 241


@dataclass(frozen=True)
class Plan:
    """How many rows a test needs.

    Parameters
    ----------
    rows : int
        By then the test finds the effect with the wanted power: a budget, `Design.max_rows`.
    fixed_rows : int
        What a fixed sample would need: `Design.planned_rows`.
    expected_rows : int
        How many it takes on average where the effect is as planned.
    expected_rows_twice : int
        The same where the effect is twice the planned one.
    effect : float
        Smallest difference of the mean losses that is to be found.
    deviation : float
        Standard deviation of the difference of one row, what rows depend on each other counted in.
    power : float
        Wanted probability.
    """

    rows: int
    fixed_rows: int
    expected_rows: int
    expected_rows_twice: int
    effect: float
    deviation: float
    power: float


def plan(effect: float, deviation: float, alpha: float = 0.05, power: float = 0.8) -> Plan:
    """Say how many rows a test needs that is looked at after each.

    Parameters
    ----------
    effect : float
        Smallest difference of the mean losses that is to be found; what it exceeds the margin by.
    deviation : float
        Standard deviation of the difference of one row: see `paired_deviation`,
        `split_deviation`.
    alpha : float
        Probability of a wrong verdict.
    power : float
        Probability of finding an effect of that size.

    Raises
    ------
    ABTestError
        A value is out of its range.

    Examples
    --------
    >>> found = plan(effect=0.02, deviation=0.5)
    >>> found.fixed_rows
    4906
    >>> found.rows / found.fixed_rows < 1.6, found.expected_rows_twice / found.fixed_rows < 1 / 3
    (True, True)
    """
    if not (0 < effect < math.inf and 0 < deviation < math.inf):
        raise ABTestError("effect and deviation must be finite numbers above 0.")
    if not (0 < alpha <= 0.5 and 0.5 <= power < 1):
        raise ABTestError("alpha must be above 0 and at most 0.5, power from 0.5 to below 1.")
    share = deviation / effect
    needed = NORMAL.inv_cdf(1 - alpha / 2) + NORMAL.inv_cdf(power)
    fixed = math.ceil((needed * share) ** 2)
    times, reached = crossing(alpha, needed)
    _, twice = crossing(alpha, 2 * needed)
    enough = np.flatnonzero(reached >= power)
    if not len(enough):
        raise ABTestError(
            f"A power of {power} would need more than {LONGEST:.0f} times the fixed"
            " sample: ask for less."
        )
    return Plan(
        rows=math.ceil(times[enough[0]] * fixed),
        fixed_rows=fixed,
        expected_rows=math.ceil(_mean_time(times, reached, enough[0]) * fixed),
        expected_rows_twice=math.ceil(_mean_time(times, twice, enough[0]) * fixed),
        effect=effect,
        deviation=deviation,
        power=power,
    )


def paired_deviation(losses_a: ArrayLike, losses_b: ArrayLike, period: int | None = None) -> float:
    """Return the standard deviation to plan a paired test with, from rows of the past.

    Parameters
    ----------
    losses_a, losses_b : array-like, shape (n_rows,)
        Of two models on the same rows, in the order of time.
    period : int, optional
        Rows of one season.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(2, 2000))
    >>> 1.3 < paired_deviation(noise[0], noise[1]) < 1.5
    True
    """
    first, second = checked_losses(losses_a, "losses_a"), checked_losses(losses_b, "losses_b")
    if len(first) != len(second):
        raise ABTestError(f"There are {len(first)} losses of a and {len(second)} of b.")
    return _deviation(first - second, period)


def split_deviation(losses: ArrayLike, split: float) -> float:
    """Return the standard deviation to plan a split test with, from rows of the past.

    It is that of the dealing alone. How the difference itself varies from row to row, which is all
    that a paired test has to cope with, comes on top where both models' losses are known:
    ``hypot(split_deviation(...), paired_deviation(...))``.

    Parameters
    ----------
    losses : array-like, shape (n_rows,)
        Of one model.
    split : float
        Share of rows that the challenger will answer, above 0 and below 1.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=2000)
    >>> 1.9 < split_deviation(noise, 0.5) < 2.1
    True
    """
    if not 0 < split < 1:
        raise ABTestError(f"split must be above 0 and below 1, not {split}.")
    found = checked_losses(losses, "losses")
    if len(found) < MIN_BLOCKS:
        raise ABTestError(f"Planning needs at least {MIN_BLOCKS} rows of the past.")
    return float(found.std(ddof=1)) / math.sqrt(split * (1 - split))


@lru_cache(maxsize=32)
def crossing(alpha: float, drift: float) -> tuple[Floats, Floats]:
    """Return how likely a planned test has found an effect by when.

    Parameters
    ----------
    alpha : float
        Probability of a wrong verdict.
    drift : float
        Effect times the root of the fixed sample's rows, over the standard deviation.

    Returns
    -------
    times, reached : ndarray
        In units of the fixed sample, and the probability of a verdict by then.
    """
    times = np.linspace(0, LONGEST, LOOKS + 1)[1:]
    bounds = NormalMixture.for_plan(1.0).boundary(times, alpha) * np.sqrt(times)
    step = times[0]
    root = math.sqrt(step)
    reached = np.zeros(LOOKS)
    points, density = np.zeros(1), np.ones(1)
    gone = 0.0
    for i, bound in enumerate(bounds):
        moved = points + drift * step
        weight = density * (points[1] - points[0] if i else 1.0)
        gone += float((weight * np.exp(log_normal_cdf((moved - bound) / root))).sum())
        reached[i] = gone
        low = max(-bound, drift * times[i] - 6 * math.sqrt(times[i]))
        grid = np.linspace(low, bound, POINTS)
        kernel = np.exp(-((grid[:, None] - moved) ** 2) / (2 * step))
        density = kernel @ weight / math.sqrt(2 * math.pi * step)
        points = grid
        if gone > 1 - 1e-9:
            reached[i:] = 1.0
            break
    return times, reached


def _mean_time(times: Floats, reached: Floats, last: int) -> float:
    """Return the mean time of the verdict, or of the end of the budget."""
    before = np.concatenate([[0.0], reached[:last]])
    return float(((1 - before) * times[0]).sum())


def _deviation(differences: Floats, period: int | None) -> float:
    blocks = Blocks(period or 1)
    blocks.add(differences[:, None])
    summary = summarise(blocks)
    if summary is None:
        raise ABTestError("Planning needs at least 30 rows of the past (30 seasons with a period).")
    rows = float(summary.count[0] * summary.length[0])
    return float(summary.error[0]) * math.sqrt(rows)
