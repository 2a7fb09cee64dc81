"""Whether a series of measurements rises or falls: a robust slope and how sure it is."""

import math
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_POINTS = 400
EXACT_UP_TO = 50

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trend:
    """A slope.

    Parameters
    ----------
    slope : float
        Theil and Sen's: the median of the slopes of all pairs of points, in units a day. A third of
        the points may be anything.
    low, high : float or None
        Interval that holds the slope with the confidence that was asked for; None where there are
        too few points for any.
    p_value : float
        Of Mann and Kendall's test that there is no trend.
    level : float
        Median of the values.
    days : float
        From the first point to the last.
    count : int
        Points that were given.
    """

    slope: float
    low: float | None
    high: float | None
    p_value: float
    level: float
    days: float
    count: int

    @property
    def is_sure(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def trend(days: ArrayLike, values: ArrayLike, *, confidence: float = 0.95) -> Trend:
    """Return the robust trend of values over time.

    The interval comes from the exact distribution of Kendall's S for up to 50 points, from the
    normal one beyond. Where neighbours are alike (autocorrelation), its variance is raised after
    Hamed and Rao, so that a slow wave isn't taken for a trend. Of more than 400 points, medians of
    neighbouring ones are taken.

    Parameters
    ----------
    days : array_like, shape (n,)
        When, in days since whenever; in any order.
    values : array_like, shape (n,)
        Finite.
    confidence : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        There is no point, or the lengths differ.

    References
    ----------
    Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968).
    Hamed and Rao, A modified Mann-Kendall trend test for autocorrelated data, J. Hydrology 204
    (1998).

    Examples
    --------
    >>> found = trend([0, 1, 2, 3, 4, 5], [5.0, 6.1, 6.9, 8.0, 99.0, 10.0])
    >>> round(found.slope, 2), found.is_sure
    (1.0, True)
    """
    when, what = np.asarray(days, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if not when.size or when.shape != what.shape:
        raise ValueError(f"{when.size} times and {what.size} values: give one value for each time.")
    order = np.argsort(when, kind="stable")
    when, what = when[order], what[order]
    count, span, level = when.size, float(when[-1] - when[0]), float(np.median(what))
    if count > MOST_POINTS:
        when, what = _thinned(when), _thinned(what)
    first, second = np.triu_indices(when.size, 1)
    gaps = when[second] - when[first]
    apart = gaps > 0
    if not apart.any():
        return Trend(0.0, None, None, 1.0, level, span, count)
    rises = (what[second] - what[first])[apart]
    slopes = np.sort(rises / gaps[apart])
    slope = float(np.median(slopes))
    factor = _variance_factor(what - slope * when)
    low, high = _interval(slopes, when.size, factor, confidence)
    p_value = _p_value(int(np.sign(rises).sum()), what, factor)
    return Trend(slope, low, high, p_value, level, span, count)


def _thinned(values: Floats) -> Floats:
    return np.array([np.median(part) for part in np.array_split(values, MOST_POINTS)])


def _interval(
    slopes: Floats, points: int, factor: float, confidence: float
) -> tuple[float | None, float | None]:
    """Return the slopes that as many pairs lie outside of as chance allows on either side."""
    tail = (1 - confidence) / 2
    pairs = points * (points - 1) // 2
    if points <= EXACT_UP_TO and factor == 1.0:
        outside = sum(p <= tail for p in _cumulative_inversions(points))
    else:
        spread = NormalDist().inv_cdf(1 - tail) * math.sqrt(factor * _variance(points))
        outside = math.floor((pairs - spread) / 2)
    outside -= pairs - slopes.size  # pairs at the same time say nothing: count them against us
    if outside < 1:
        return None, None
    return float(slopes[outside - 1]), float(slopes[-outside])


def _cumulative_inversions(points: int) -> list[float]:
    """Return the probability of at most 0, 1, 2 … inversions in a random order of `points`."""
    ways = [1.0]
    for size in range(2, points + 1):
        sums = [0.0, *accumulate(ways)]
        top = len(sums) - 1
        ways = [
            (sums[min(k + 1, top)] - sums[max(k + 1 - size, 0)]) / size
            for k in range(len(ways) + size - 1)
        ]
    return [min(p, 1.0) for p in accumulate(ways)]


def _variance(points: int) -> float:
    """Return the variance of Kendall's S without ties."""
    return points * (points - 1) * (2 * points + 5) / 18


def _p_value(s: int, values: Floats, factor: float) -> float:
    _, ties = np.unique(values, return_counts=True)
    variance = _variance(values.size) - float((ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    if variance <= 0:
        return 1.0
    z = max(abs(s) - 1, 0) / math.sqrt(factor * variance)
    return 2 * NormalDist().cdf(-z)


def _variance_factor(residuals: Floats) -> float:
    """Return by how much alike neighbours raise the variance of S: at least 1."""
    n = residuals.size
    if n < 10:
        return 1.0
    ranks = np.argsort(np.argsort(residuals, kind="stable"), kind="stable").astype(np.float64)
    ranks -= ranks.mean()
    power = float(ranks @ ranks)
    limit = NormalDist().inv_cdf(0.975) / math.sqrt(n)
    total = 0.0
    for lag in range(1, min(n - 3, n // 4) + 1):
        correlation = float(ranks[:-lag] @ ranks[lag:]) / power
        if correlation > limit:
            total += (n - lag) * (n - lag - 1) * (n - lag - 2) * correlation
    return 1.0 + 2.0 * total / (n * (n - 1) * (n - 2))
