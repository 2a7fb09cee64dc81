"""The population stability index."""

from typing import ClassVar

import numpy as np

from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair

HALF = 0.5


class PopulationStability(Comparison):
    """Sum of (p - q) log(p / q) over the tenths of the reference, or over categories.

    Half a row is added to every bin, so that an empty one has a logarithm. It grows with the number
    of bins over the number of rows even without drift, and is shown for comparison, not tested.

    References
    ----------
    Lewis (1994), An Introduction to Credit Scoring; Yurdakul, Naranjo (2020), Statistical
    Properties of the Population Stability Index, Journal of Risk Model Validation 14.

    Examples
    --------
    >>> from modelwright.engine.drift.numeric import NumericColumn
    >>> column = NumericColumn.fit("x", np.arange(1000.0))
    >>> PopulationStability().compare(Pair(column, column.reference)).statistic
    0.0
    """

    name: ClassVar[str] = "psi"
    floor: ClassVar[float] = 0.1

    def applies(self, pair: Pair) -> bool:
        """Return whether both sides have rows."""
        return pair.comparable

    def compare(self, pair: Pair) -> Compared:
        """Return the index, 0 or more."""
        ref, cur = pair.binned
        p = (ref + HALF) / (pair.n_ref + HALF * len(ref))
        q = (cur + HALF) / (pair.n_cur + HALF * len(cur))
        found = float(((p - q) * np.log(p / q)).sum())
        return Compared(found, None, found)
