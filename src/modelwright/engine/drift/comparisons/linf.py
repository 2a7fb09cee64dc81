"""The largest change of any category's share."""

from typing import ClassVar

import numpy as np

from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair


class LInfinity(Comparison):
    """The largest absolute difference between two shares.

    Examples
    --------
    >>> from modelwright.engine.drift.category import CategoryColumn
    >>> column = CategoryColumn.fit("shift", np.array(["day", "night"] * 50))
    >>> LInfinity().compare(Pair(column, column.count(np.array(["day"] * 20)))).statistic
    0.5
    """

    name: ClassVar[str] = "l_infinity"
    floor: ClassVar[float] = 0.05

    def applies(self, pair: Pair) -> bool:
        """Return whether the column has categories, or only a few different numbers."""
        return pair.comparable and pair.by_category

    def compare(self, pair: Pair) -> Compared:
        """Return the distance, from 0 to 1."""
        found = float(np.abs(pair.ref / pair.n_ref - pair.cur / pair.n_cur).max())
        return Compared(found, None, found)
