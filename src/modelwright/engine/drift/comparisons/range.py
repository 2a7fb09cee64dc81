"""Values beyond the smallest and the largest of the reference."""

import math
from typing import ClassVar

from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair


class OutOfRange(Comparison):
    """Share of rows below the reference's smallest or above its largest value.

    Without drift the k largest of n + m rows all come from the window with probability
    m (m-1) … / (n+m) (n+m-1) …, whatever the distribution.

    References
    ----------
    Rosenbaum (1954), Tables for a nonparametric test of location, Ann. Math. Statist. 25.

    Examples
    --------
    >>> import numpy as np
    >>> from modelwright.engine.drift.numeric import NumericColumn
    >>> column = NumericColumn.fit("x", np.arange(100.0))
    >>> found = OutOfRange().compare(Pair(column, column.count(np.array([5.0, 200.0, 300.0]))))
    >>> round(found.statistic, 3), round(found.p_value, 4)
    (0.667, 0.0011)
    """

    name: ClassVar[str] = "range"
    floor: ClassVar[float] = 0.01
    weight: ClassVar[float] = 0.02
    is_test: ClassVar[bool] = True

    def applies(self, pair: Pair) -> bool:
        """Return whether the column has numbers."""
        return pair.comparable and pair.numeric is not None

    def compare(self, pair: Pair) -> Compared:
        """Return the share of rows out of range."""
        column = pair.numeric
        if column is None:
            raise TypeError(pair.column.kind)
        first, end = column.inside
        below, above = int(pair.cur[:first].sum()), int(pair.cur[end:].sum())
        p_value = min(1.0, 2 * _all_from_window(max(below, above), pair.n_cur, pair.n_ref))
        share = (below + above) / pair.n_cur
        note = f"{share:.1%} beyond the reference's range" if share else ""
        return Compared(share, p_value, share, note)


def _all_from_window(extreme: int, m: int, n: int) -> float:
    """Return how often so many extremes of n + m rows are all among the m."""
    log = math.lgamma(m + 1) - math.lgamma(m - extreme + 1)
    log -= math.lgamma(n + m + 1) - math.lgamma(n + m - extreme + 1)
    return math.exp(min(0.0, log))
