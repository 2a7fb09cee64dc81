"""Whether categories have the same shares."""

import math
from typing import ClassVar

import numpy as np

from modelwright.engine.drift.columns import Ints
from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair
from modelwright.engine.drift.special import chi2_tail

EXPECTED = 5.0
UNSEEN = 1e-4
"""A category may stand alone where the reference would lack it less often than this."""


class ChiSquare(Comparison):
    """Chi-square of the contingency table of both samples, rare categories together.

    Both samples are random, the reference too. Categories are ordered by the rows that both samples
    have of them and put together until each group has at least five expected rows on either side.
    The effect is Cohen's w without its upward bias: sqrt((chi2 - df) (n + m) / (n m)).

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
    """Return the rows of both samples by group of categories; the last has all rare ones.

    That a category has a cell of its own is because the reference has it. Those that it might as
    well not have had are judged together with the unseen ones: each alone would seem to have grown
    rarer.

    Examples
    --------
    >>> from modelwright.engine.drift.category import CategoryColumn
    >>> column = CategoryColumn.fit("x", np.array(["a"] * 96 + ["b", "c", "d", "e"]))
    >>> pooled(Pair(column, column.reference))
    (array([100]), array([100]))
    """
    n, m = pair.n_ref, pair.n_cur
    both = pair.ref + pair.cur
    least = EXPECTED * (n + m) / min(n, m)
    sure = math.log(1 / UNSEEN) / math.log((n + m) / m)
    own = np.flatnonzero((both >= sure) & (pair.ref > 0) & pair.own)
    order = own[np.argsort(-both[own], kind="stable")]
    starts = _starts(both[order].tolist(), least)
    ref, cur = pair.ref[order], pair.cur[order]
    ref_sums = np.add.reduceat(ref, starts) if starts else ref[:0]
    cur_sums = np.add.reduceat(cur, starts) if starts else cur[:0]
    rest = n - int(ref.sum()), m - int(cur.sum())
    if sum(rest) >= least:
        return np.append(ref_sums, rest[0]), np.append(cur_sums, rest[1])
    if not starts:
        return np.array([n]), np.array([m])
    ref_sums[-1] += rest[0]
    cur_sums[-1] += rest[1]
    return ref_sums, cur_sums


def _starts(sizes: list[int], least: float) -> list[int]:
    """Return where groups of at least so many rows begin; what is left over joins the last."""
    starts: list[int] = []
    begun, waiting = 0, 0
    for place, size in enumerate(sizes):
        waiting += size
        if waiting >= least:
            starts.append(begun)
            begun, waiting = place + 1, 0
    return starts
