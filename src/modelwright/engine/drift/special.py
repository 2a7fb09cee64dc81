"""The few distributions that p-values need; scipy is loaded when the first one is wanted."""

import math
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np

from modelwright.engine.optional import load

TERMS = 20_000


@cache
def _scipy() -> Any:
    return load("scipy.special")


def kolmogorov_tail(value: float) -> float:
    """Return how often sup |Brownian bridge| is at least `value`.

    Examples
    --------
    >>> round(kolmogorov_tail(1.3581), 3)
    0.05
    """
    return float(_scipy().kolmogorov(value)) if value > 0 else 1.0


def chi2_tail(value: float, freedom: int) -> float:
    """Return how often chi-square with so many degrees of freedom is at least `value`.

    Examples
    --------
    >>> round(chi2_tail(3.8415, 1), 3)
    0.05
    """
    return float(_scipy().gammaincc(freedom / 2, value / 2)) if value > 0 else 1.0


def student_tail(value: float, freedom: float) -> float:
    """Return how often Student's t is at least `value` away from 0, on either side.

    Examples
    --------
    >>> round(student_tail(2.228, 10), 3)
    0.05
    """
    return float(2 * _scipy().stdtr(freedom, -abs(value)))


def student_quantile(share: float, freedom: float) -> float:
    """Return the value that so much of Student's t lies below.

    Examples
    --------
    >>> round(student_quantile(0.975, 10), 3)
    2.228
    """
    return float(_scipy().stdtrit(freedom, share))


def beta_quantile(share: float, a: float, b: float) -> float:
    """Return the value that so much of the beta distribution lies below.

    Examples
    --------
    >>> round(beta_quantile(0.95, 1, 10), 3)
    0.259
    """
    return float(_scipy().betaincinv(a, b, share))


def normal_tail(value: float) -> float:
    """Return how often a standard normal number is at least `value`.

    Examples
    --------
    >>> round(normal_tail(1.96), 3)
    0.025
    """
    return math.erfc(value / math.sqrt(2)) / 2


def chi2_critical(alpha: float, freedom: int) -> float:
    """Return the value that chi-square reaches as often as alpha says.

    Examples
    --------
    >>> round(chi2_critical(0.05, 1), 2)
    3.84
    """
    return float(2 * _scipy().gammainccinv(freedom / 2, alpha))


def normal_quantile(share: float) -> float:
    """Return the value that so much of the standard normal distribution lies below.

    Examples
    --------
    >>> round(normal_quantile(0.975), 2)
    1.96
    """
    return NormalDist().inv_cdf(share)


def hypergeometric_tail(found: int, draws: int, marked: int, total: int) -> float:
    """Return how often at least `found` of so many draws without replacement are marked.

    Examples
    --------
    >>> hypergeometric_tail(2, 2, 2, 4) * 6
    1.0
    """
    most = min(draws, marked)
    if found <= max(0, draws - (total - marked)):
        return 1.0
    if found > most:
        return 0.0
    # a tail is gone long before; in the middle the sum is cut, and no p-value is made of it
    counts = np.arange(found, min(most, found + TERMS) + 1, dtype=np.float64)
    logs = _choose(marked, counts) + _choose(total - marked, draws - counts) - _choose(total, draws)
    return min(1.0, math.fsum(np.exp(logs).tolist()))


def _choose(total: int, chosen: Any) -> Any:
    log_gamma = _scipy().gammaln
    return log_gamma(total + 1) - log_gamma(chosen + 1) - log_gamma(total - chosen + 1)
