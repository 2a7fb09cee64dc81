"""How far values have moved, in interquartile ranges."""

from typing import ClassVar

import numpy as np

from modelwright.engine.drift.columns import Floats
from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair
from modelwright.engine.drift.numeric import NumericColumn


class RobustWasserstein(Comparison):
    """Area between both distributions (Wasserstein-1) over the reference's interquartile range.

    Both distributions are known at the edges and taken as straight between them. The area ends 20
    interquartile ranges beyond the quartiles, so that no single value decides.

    References
    ----------
    Vallender (1974), Calculation of the Wasserstein distance between probability distributions on
    the line, Theory of Probability and its Applications 18.

    Examples
    --------
    >>> from modelwright.engine.drift.numeric import NumericColumn
    >>> column = NumericColumn.fit("x", np.arange(101.0))
    >>> found = RobustWasserstein().compare(Pair(column, column.count(np.arange(25.0, 126.0))))
    >>> round(found.statistic, 2)
    0.5
    """

    name: ClassVar[str] = "wasserstein"
    floor: ClassVar[float] = 0.1

    def applies(self, pair: Pair) -> bool:
        """Return whether the column has numbers."""
        return pair.comparable and pair.numeric is not None

    def compare(self, pair: Pair) -> Compared:
        """Return the distance, 0 or more."""
        column = pair.numeric
        if column is None or len(column.edges) < 2:
            return Compared(0.0, None, 0.0)
        found = area(column, pair.cum_ref - pair.cum_cur) / column.scale
        return Compared(found, None, found)


def area(column: NumericColumn, apart: Floats) -> float:
    """Return the integral of |difference| over the hull; the difference is known at the edges.

    Parameters
    ----------
    column : NumericColumn
        Whose edges they are.
    apart : ndarray of shape (2 * edges + 1,)
        Difference of two distributions below and at each edge.
    """
    widths = np.diff(np.clip(column.edges, *column.hull))
    begin, end = apart[1:-2:2], apart[2:-1:2]
    one_side = begin * end >= 0
    both = np.abs(begin) + np.abs(end)
    crossing = (begin**2 + end**2) / np.where(both > 0, both, 1.0)
    return float((widths * np.where(one_side, both, crossing)).sum() / 2)
