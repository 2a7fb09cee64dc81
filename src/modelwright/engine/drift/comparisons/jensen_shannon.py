"""The Jensen-Shannon distance."""

import math
from typing import ClassVar

import numpy as np

from modelwright.engine.drift.columns import Floats
from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair


class JensenShannon(Comparison):
    """Square root of the mean relative entropy (base 2) to the mixture of both, from 0 to 1.

    Over the tenths of the reference, or over categories.

    References
    ----------
    Endres, Schindelin (2003), A new metric for probability distributions, IEEE Trans. Inf. Theory.

    Examples
    --------
    >>> from modelwright.engine.drift.category import CategoryColumn
    >>> column = CategoryColumn.fit("x", np.array(["a", "a"]))
    >>> JensenShannon().compare(Pair(column, column.count(np.array(["b"])))).statistic
    1.0
    """

    name: ClassVar[str] = "jensen_shannon"
    floor: ClassVar[float] = 0.1

    def applies(self, pair: Pair) -> bool:
        """Return whether both sides have rows."""
        return pair.comparable

    def compare(self, pair: Pair) -> Compared:
        """Return the distance."""
        ref, cur = pair.binned
        p, q = ref / pair.n_ref, cur / pair.n_cur
        middle = (p + q) / 2
        found = math.sqrt(max(0.0, (_entropy(p, middle) + _entropy(q, middle)) / 2))
        return Compared(found, None, found)


def _entropy(p: Floats, middle: Floats) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / middle[there])).sum())
