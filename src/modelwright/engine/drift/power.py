"""How small a change so many rows can show."""

import math

from modelwright.engine.drift.special import normal_quantile

_SPARE = 0.45
"""By how much the largest difference exceeds the one at the peak, in units of its deviation."""


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
        Infinite where no shift would be found.
    """
    if n_ref < 1 or n_cur < 1:
        return math.inf
    rows = n_ref * n_cur / (n_ref + n_cur)
    critical = math.sqrt(math.log(2 / alpha) / 2)
    difference = (critical + normal_quantile(power) / 2 - _SPARE) / math.sqrt(rows)
    if difference >= 1:
        return math.inf
    return 2 * normal_quantile((1 + difference) / 2)


def rows_needed(shift: float, n_ref: int, alpha: float = 0.01, power: float = 0.9) -> int | None:
    """Return how many rows a window needs to show a shift; None where none are enough."""
    low, high = 1, 1
    while detectable_shift(n_ref, high, alpha, power) > shift:
        low, high = high, high * 2
        if high > 2**40:
            return None
    while low < high:
        middle = (low + high) // 2
        if detectable_shift(n_ref, middle, alpha, power) > shift:
            low = middle + 1
        else:
            high = middle
    return high
