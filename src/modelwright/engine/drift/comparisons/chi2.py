"""Whether categories have the same shares."""

import math
from typing import ClassVar

import numpy as np

from modelwright.engine.drift.columns import Ints
from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair
from modelwright.engine.drift.special import chi2_tail

EXPECTED = 5.0


class ChiSquare(Comparison):
    """Chi-square of the contingency table of both samples, rare categories together.

    Both samples are random, the reference too. Categories are ordered by the rows that both samples
    have of them and put together until each group has at least five expected rows on either side.
    The effect is Cohen's w without its upward bias: sqrt((chi2 - df) nm / (n + m))-free of rows.

    References
    ----------
    Pearson (1900), Phil. Mag. 50; Cochran (1954), Biometrics 10, on the least expected counts;
    Cohen (1988), Statistical Power Analysis, chapter 7.

    Examples
    --------
    >>> from modelwright.engine.drift.category import CategoryColumn
    >>> column = CategoryColumn.fit("shift", np.array(["day", "night"] * 50))
    >>> found = ChiSquare().compare(Pair(column, column.count(np.array(["day"] * 20))))
    >>> round(found.statistic, 2), found.p_value < 0.001
    (17.14, True)
    """

    name: ClassVar[str] = "chi2"
    floor: ClassVar[float] = 0.1
    is_test: ClassVar[bool] = True

    def applies(self, pair: Pair) -> bool:
        """Return whether the column has categories, or only a few different numbers."""
        return pair.comparable and pair.by_category

    def compare(self, pair: Pair) -> Compared:
        """Return chi-square, its p-value and Cohen's w."""
        ref, cur = pooled(pair)
        groups = len(ref)
        if groups < 2:
            return Compared(0.0, 1.0, 0.0, "too few rows to tell categories apart")
        expected = (ref + cur) / (pair.n_ref + pair.n_cur)
        off = ref / pair.n_ref - cur / pair.n_cur
        statistic = pair.rows * float((off**2 / expected).sum())
        effect = math.sqrt(max(0.0, statistic - (groups - 1)) / pair.rows)
        return Compared(statistic, chi2_tail(statistic, groups - 1), effect)


def pooled(pair: Pair) -> tuple[Ints, Ints]:
    """Return the rows of both samples by group of categories.

    Examples
    --------
    >>> from modelwright.engine.drift.category import CategoryColumn
    >>> column = CategoryColumn.fit("x", np.array(["a"] * 96 + ["b", "c", "d", "e"]))
    >>> pooled(Pair(column, column.reference))
    (array([100]), array([100]))
    """
    both = pair.ref + pair.cur
    least = EXPECTED * (pair.n_ref + pair.n_cur) / min(pair.n_ref, pair.n_cur)
    order = np.argsort(-both, kind="stable")
    order = order[both[order] > 0]
    sizes = both[order]
    alone = int(np.searchsorted(-sizes, -least, side="right"))
    starts = list(range(alone))
    waiting = 0.0
    begun = alone
    for place in range(alone, len(order)):
        waiting += float(sizes[place])
        if waiting >= least:
            starts.append(begun)
            begun, waiting = place + 1, 0.0
    if not starts:
        return np.array([pair.n_ref]), np.array([pair.n_cur])
    # what is left over joins the last group
    return np.add.reduceat(pair.ref[order], starts), np.add.reduceat(pair.cur[order], starts)
