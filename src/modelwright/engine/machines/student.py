"""Student's t distribution, without loading scipy."""

import math

STEPS = 300
CLOSE = 1e-14
TINY = 1e-300
BISECTIONS = 200


def two_sided_p(t: float, freedom: float) -> float:
    """Return the probability of a value at least as far from 0 as `t`.

    By the continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), which
    converges fast on the side that is taken here.

    Examples
    --------
    >>> round(two_sided_p(2.228, 10), 3)
    0.05
    """
    if math.isinf(t):
        return 0.0
    return _beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def t_quantile(coverage: float, freedom: float) -> float:
    """Return the t that `coverage` of all values are nearer to 0 than.

    Examples
    --------
    >>> round(t_quantile(0.95, 10), 3)
    2.228
    """
    low, high = 0.0, 2.0
    while two_sided_p(high, freedom) > 1 - coverage:
        high *= 2
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if two_sided_p(middle, freedom) > 1 - coverage:
            low = middle
        else:
            high = middle
        if high - low < CLOSE * high:
            break
    return (low + high) / 2


def _beta(x: float, a: float, b: float) -> float:
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - x, b, a)
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(log + a * math.log(x) + b * math.log1p(-x)) / a
    return front * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d or TINY)
    value = d
    for m in range(1, STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / ((1 + step * d) or TINY)
            c = (1 + step / c) or TINY
            value *= c * d
        if abs(c * d - 1) < CLOSE:
            break
    return value
