"""Whether values are larger or smaller as a rule."""

import math
from typing import ClassVar

import numpy as np

from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair
from modelwright.engine.drift.special import normal_tail


class RankSum(Comparison):
    """Wilcoxon's rank-sum test from the cells; rows of one cell are tied.

    Finds a shift with fewer rows than Kolmogorov-Smirnov does, which stays for all other changes:
    the two share one column's part of the allowed false alarms. The variance is that of a draw
    without replacement, ties included; the tail is corrected for its skewness, which many equal
    values cause. The effect is Cliff's delta.

    References
    ----------
    Wilcoxon (1945), Biometrics Bulletin 1; Mann, Whitney (1947), Ann. Math. Statist. 18; Cliff
    (1993), Dominance statistics, Psychological Bulletin 114; Cornish, Fisher (1938), Revue de
    l'Institut International de Statistique 5.

    Examples
    --------
    >>> from modelwright.engine.drift.numeric import NumericColumn
    >>> column = NumericColumn.fit("x", np.arange(100.0))
    >>> found = RankSum().compare(Pair(column, column.count(np.arange(50.0, 150.0))))
    >>> round(found.statistic, 2), found.effect
    (9.17, 0.75)
    """

    name: ClassVar[str] = "rank_sum"
    floor: ClassVar[float] = 0.07
    weight: ClassVar[float] = 0.5
    is_test: ClassVar[bool] = True

    def applies(self, pair: Pair) -> bool:
        """Return whether the column has numbers, and not only a few different ones."""
        return pair.comparable and not pair.by_category

    def compare(self, pair: Pair) -> Compared:
        """Return the standardised rank sum, its p-value and Cliff's delta."""
        n, m = pair.n_ref, pair.n_cur
        both = pair.ref + pair.cur
        total = n + m
        # the middle of its ties, from -1/2 to 1/2
        rank = (np.cumsum(both) - both / 2) / total - 0.5
        squares = rank * rank
        variance = float(both @ squares) / total
        if variance <= 0:
            return Compared(0.0, 1.0, 0.0)
        mean = float(pair.cur @ rank) / m
        z = mean / math.sqrt(variance / m * n / (total - 1))
        skewness = float(both @ (squares * rank)) / total / variance**1.5
        skewness *= (n - m) / max(1, total - 2) * math.sqrt((total - 1) / n / m)
        delta = 2 * (mean - float(pair.ref @ rank) / n)
        note = f"values are {'larger' if delta > 0 else 'smaller'} as a rule" if delta else ""
        return Compared(z, _two_sided(z, skewness), abs(delta), note)


def _two_sided(z: float, skewness: float) -> float:
    """Return the p-value, at least that of the normal distribution."""
    against = max(0.0, skewness * math.copysign(1.0, z))
    size = abs(z)
    # the correction holds near the centre: never let it take more than half of the distance
    corrected = size - min(size / 2, against / 6 * max(0.0, size**2 - 1))
    return 2 * normal_tail(corrected)
