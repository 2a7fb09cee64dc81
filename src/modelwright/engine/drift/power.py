"""How small a change so many rows can show."""

import math
from collections.abc import Callable

from modelwright.engine.drift.special import chi2_critical, normal_quantile

RANK_EFFICIENCY = math.sqrt(3 / math.pi)
"""Of the rank sum beside the mean, for normal columns (Hodges and Lehmann 1956)."""


def detectable_shift(n_ref: int, n_cur: int, alpha: float = 0.01, power: float = 0.9) -> float:
    """Return the smallest shift of a normal column, in standard deviations, that is found.

    Parameters
    ----------
    n_ref, n_cur : int
        Valid rows of reference and window.
    alpha : float
        Level of the single test, i.e. after its share among many was taken.
    power : float
        How often it must be found.

    Returns
    -------
    float
        Infinite where one side has no rows.

    Examples
    --------
    >>> round(detectable_shift(10_000, 500, alpha=0.01 / 20), 2)
    0.22
    """
    if n_ref < 1 or n_cur < 1:
        return math.inf
    wanted = normal_quantile(1 - alpha / 2) + normal_quantile(power)
    return wanted / (RANK_EFFICIENCY * math.sqrt(n_ref * n_cur / (n_ref + n_cur)))


def detectable_w(
    n_ref: int, n_cur: int, freedom: int, alpha: float = 0.01, power: float = 0.9
) -> float:
    """Return the smallest change of shares, as Cohen's w, that the chi-square test finds.

    Parameters
    ----------
    n_ref, n_cur : int
        Valid rows of reference and window.
    freedom : int
        Degrees of freedom: groups of categories less one.
    alpha, power : float
        As for `detectable_shift`.

    Examples
    --------
    >>> round(detectable_w(10_000, 500, 1, alpha=0.01 / 20), 2)
    0.22
    """
    if n_ref < 1 or n_cur < 1 or freedom < 1:
        return math.inf
    # noncentral chi-square taken as normal: mean k + l, variance 2 (k + 2 l), solved for l
    over = chi2_critical(alpha, freedom) - freedom
    z2 = 2 * normal_quantile(power) ** 2
    noncentral = over + z2 + math.sqrt(z2 * (z2 + 2 * over + freedom))
    return math.sqrt(noncentral * (n_ref + n_cur) / (n_ref * n_cur))


def rows_needed(wanted: float, smallest: Callable[[int], float]) -> int | None:
    """Return how many rows a window needs to show a change; None where none are enough.

    Parameters
    ----------
    wanted : float
        The change.
    smallest : callable
        Rows of the window -> smallest change that they show.

    Examples
    --------
    >>> rows_needed(0.25, lambda rows: detectable_shift(10_000, rows, 0.01 / 20))
    396
    """
    low, high = 1, 1
    while smallest(high) > wanted:
        low, high = high, high * 2
        if high > 2**40:
            return None
    while low < high:
        middle = (low + high) // 2
        if smallest(middle) > wanted:
            low = middle + 1
        else:
            high = middle
    return high
