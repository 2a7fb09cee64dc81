"""Categories that the reference doesn't have."""

from typing import ClassVar

from modelwright.engine.drift.category import CategoryColumn
from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair
from modelwright.engine.drift.special import hypergeometric_tail


class UnseenCategories(Comparison):
    """Share of rows with a category that the reference doesn't have.

    What would be unseen without drift is told by the categories that the reference has only once
    (Good and Turing): so often was a row new when it came. Compared by Fisher's exact test.

    References
    ----------
    Good (1953), The population frequencies of species, Biometrika 40.

    Examples
    --------
    >>> import numpy as np
    >>> column = CategoryColumn.fit("shift", np.array(["day", "night"] * 50))
    >>> UnseenCategories().compare(Pair(column, column.count(np.array(["day", "?"])))).statistic
    0.5
    """

    name: ClassVar[str] = "unseen"
    floor: ClassVar[float] = 0.01
    weight: ClassVar[float] = 0.02
    is_test: ClassVar[bool] = True

    def applies(self, pair: Pair) -> bool:
        """Return whether all categories of the reference are known."""
        column = pair.column
        return pair.comparable and isinstance(column, CategoryColumn) and column.complete

    def compare(self, pair: Pair) -> Compared:
        """Return the share of unseen rows."""
        column = pair.column
        if not isinstance(column, CategoryColumn):
            raise TypeError(column.kind)
        unseen = int(pair.cur[column.other])
        once = column.singles + 1  # the next row may be the first of its kind
        p_value = hypergeometric_tail(
            unseen, pair.n_cur, unseen + once, pair.n_ref + pair.n_cur + 1
        )
        share = unseen / pair.n_cur
        note = f"{share:.1%} in categories the reference does not have" if unseen else ""
        return Compared(share, p_value, share, note)
