"""Whether more or fewer values are missing."""

from typing import ClassVar

from modelwright.engine.drift.columns import MISSING
from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair
from modelwright.engine.drift.special import chi2_tail, hypergeometric_tail

EXPECTED = 1000.0
"""With so many expected rows in every cell chi-square is as good as exact, far out too."""


class MissingShare(Comparison):
    """Fisher's exact test of the share of missing and invalid values; chi-square for many.

    References
    ----------
    Fisher (1922), J. R. Statist. Soc. 85; Yates (1934), Suppl. J. R. Statist. Soc. 1.

    Examples
    --------
    >>> import numpy as np
    >>> from modelwright.engine.drift.numeric import NumericColumn
    >>> column = NumericColumn.fit("x", np.arange(100.0))
    >>> MissingShare().compare(Pair(column, column.count(np.array([1.0, np.nan])))).effect
    0.5
    """

    name: ClassVar[str] = "missing"
    floor: ClassVar[float] = 0.02
    weight: ClassVar[float] = 0.02
    is_test: ClassVar[bool] = True

    def applies(self, pair: Pair) -> bool:
        """Return whether there are rows to speak of."""
        return int(pair.current.sum()) > 0 and int(pair.column.reference.sum()) > 0

    def compare(self, pair: Pair) -> Compared:
        """Return the difference of the shares."""
        reference, current = pair.column.reference, pair.current
        n, m = int(reference.sum()), int(current.sum())
        a, b = int(reference[MISSING:].sum()), int(current[MISSING:].sum())
        difference = b / m - a / n
        return Compared(difference, two_shares(a, n, b, m), abs(difference))


def two_shares(a: int, n: int, b: int, m: int) -> float:
    """Return the two-sided p-value of a of n against b of m.

    Examples
    --------
    >>> two_shares(0, 1000, 0, 10), two_shares(0, 1000, 10, 10) < 1e-20
    (1.0, True)
    """
    marked, total = a + b, n + m
    if marked in (0, total):
        return 1.0
    least = min(marked, total - marked) * min(n, m) / total
    if least >= EXPECTED:
        off = abs(b * n - a * m) - total / 2
        if off <= 0:
            return 1.0
        return chi2_tail(off**2 * total / (n * m * marked * (total - marked)), 1)
    if marked > total - marked:
        a, b, marked = n - a, m - b, total - marked
    upper = hypergeometric_tail(b, m, marked, total)
    lower = hypergeometric_tail(a, n, marked, total)
    return min(1.0, 2 * min(upper, lower))
