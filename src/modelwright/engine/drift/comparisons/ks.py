"""The largest difference between two distributions."""

from typing import ClassVar

import numpy as np

from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair
from modelwright.engine.drift.special import kolmogorov_tail


class KolmogorovSmirnov(Comparison):
    """Two-sample Kolmogorov-Smirnov from the cells, with certified bounds.

    The statistic is the largest difference below or at an edge: never more than the exact one, and
    less by at most the mass of one cell, 1/1023; exact where every value is an edge. The p-value
    is that of the limit distribution, which errs on the safe side for few rows and for ties.

    References
    ----------
    Kolmogorov (1933); Smirnov (1939), Bull. Math. Univ. Moscow 2.

    Examples
    --------
    >>> from modelwright.engine.drift.numeric import NumericColumn
    >>> column = NumericColumn.fit("x", np.arange(100.0))
    >>> pair = Pair(column, column.count(np.arange(50.0, 150.0)))
    >>> KolmogorovSmirnov().compare(pair).statistic
    0.5
    """

    name: ClassVar[str] = "ks"
    floor: ClassVar[float] = 0.05
    weight: ClassVar[float] = 0.5
    is_test: ClassVar[bool] = True

    def applies(self, pair: Pair) -> bool:
        """Return whether the column has numbers, and not only a few different ones."""
        return pair.comparable and not pair.by_category

    def compare(self, pair: Pair) -> Compared:
        """Return the certified lower bound of the statistic and its p-value."""
        statistic = float(np.abs(pair.cum_ref - pair.cum_cur).max())
        return Compared(statistic, kolmogorov_tail(pair.rows**0.5 * statistic), statistic)


def ks_bounds(pair: Pair) -> tuple[float, float]:
    """Return between what limits the exact statistic lies.

    Examples
    --------
    >>> from modelwright.engine.drift.numeric import NumericColumn
    >>> column = NumericColumn.fit("x", np.arange(100.0))
    >>> ks_bounds(Pair(column, column.count(np.arange(50.0, 150.0))))
    (0.5, 0.5)
    """
    ref, cur = pair.cum_ref, pair.cum_cur
    lower = float(np.abs(ref - cur).max())
    # within an open cell both only grow: one may be at its end where the other still begins
    ref_begin, cur_begin = np.append(0.0, ref[1:-1:2]), np.append(0.0, cur[1:-1:2])
    apart = np.maximum(ref[::2] - cur_begin, cur[::2] - ref_begin)
    empty = (pair.ref[::2] == 0) | (pair.cur[::2] == 0)
    return lower, max(lower, float(apart[~empty].max(initial=0.0)))
