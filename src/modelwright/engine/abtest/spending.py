"""Boundaries of a test that is looked at a few times, by how much of alpha each look may spend."""

import math
from statistics import NormalDist

import numpy as np

from modelwright.engine.abtest.blocks import Floats
from modelwright.engine.abtest.mixture import log_normal_cdf

NORMAL = NormalDist()
FARTHEST = 8.0
POINTS = 121
ROUNDS = 40
SMALLEST_ALPHA = 1e-9
ALPHA_ROUNDS = 14


def spent(time: float, alpha: float) -> float:
    """Return how much of a two-sided alpha may be spent by a share of the rows.

    Examples
    --------
    >>> round(spent(0.5, 0.05), 4), round(spent(1.0, 0.05), 4)
    (0.0031, 0.05)
    """
    return 4 * (1 - NORMAL.cdf(NORMAL.inv_cdf(1 - alpha / 4) / math.sqrt(time)))


def obrien_fleming(
    times: list[float], alpha: float, known: list[float] | None = None
) -> list[float]:
    """Return the normal scores at which looks decide, either way.

    Parameters
    ----------
    times : list of float
        Shares of the rows at the looks, ascending, at most 1.
    alpha : float
        In all, both sides together.
    known : list of float, optional
        Boundaries of the first looks, to go on from.

    Examples
    --------
    >>> [round(look, 2) for look in obrien_fleming([0.25, 0.5, 0.75, 1.0], alpha=0.05)]
    [4.33, 2.96, 2.36, 2.01]
    """
    found = list(known or [])
    points = np.linspace(-FARTHEST, FARTHEST, POINTS)
    density = np.zeros(0)
    before, used = 0.0, 0.0
    for i, time in enumerate(times):
        allowed = spent(time, alpha)
        step = time - before
        if i == len(found):
            found.append(_boundary(density, points, before, time, allowed - used))
        bound = found[i] * math.sqrt(time)
        grid = np.linspace(-bound, bound, POINTS)
        density, points, before = _carry(density, points, grid, step), grid, time
        used = allowed
    return found


def _carry(density: Floats, points: Floats, grid: Floats, step: float) -> Floats:
    """Return the density on the next look's points of walks that didn't end before."""
    if not len(density):
        return np.asarray(np.exp(-(grid**2) / (2 * step)) / math.sqrt(2 * math.pi * step))
    kernel = np.exp(-((grid[:, None] - points) ** 2) / (2 * step)) / math.sqrt(2 * math.pi * step)
    return np.asarray(np.trapezoid(kernel * density, points, axis=1))


def _boundary(density: Floats, points: Floats, before: float, time: float, left: float) -> float:
    """Return the score that spends what is left, by halving."""
    low, high = 0.0, FARTHEST
    for _ in range(ROUNDS):
        score = (low + high) / 2
        if _leaving(density, points, before, time, score) > left:
            low = score
        else:
            high = score
    return high


def _leaving(density: Floats, points: Floats, before: float, time: float, score: float) -> float:
    bound = score * math.sqrt(time)
    if not len(density):
        return 2 * (1 - NORMAL.cdf(score))
    root = math.sqrt(time - before)
    above = np.exp(log_normal_cdf((points - bound) / root))
    below = np.exp(log_normal_cdf((-points - bound) / root))
    return float(np.trapezoid(density * (above + below), points))


def sequential_p_value(times: list[float], score: float) -> float:
    """Return the smallest alpha whose boundary the last look's score would have reached.

    Examples
    --------
    >>> round(sequential_p_value([0.25, 0.5], 2.963), 3)
    0.05
    """
    low, high = math.log(SMALLEST_ALPHA), 0.0
    for _ in range(ALPHA_ROUNDS):
        half = (low + high) / 2
        if obrien_fleming(times, math.exp(half))[-1] > score:
            low = half
        else:
            high = half
    return math.exp(high)
