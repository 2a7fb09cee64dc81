"""How rare a figure is among those that were seen before."""

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any, Self

import numpy as np

from modelwright.engine.machines.series import Values

KEPT = 512
LEAST_KEPT = 32
SHARE_KEPT = 0.125


@dataclass(frozen=True)
class Reference:
    """The largest of some figures, and how many there were.

    What is smaller than all that are kept is no surprise, so that these needn't be known.

    Parameters
    ----------
    count : int
        All figures.
    largest : tuple of float
        In rising order.
    tail : float
        How surprise grows beyond the largest figure: by `tail` times the logarithm of the ratio,
        as if figures had a Pareto tail of this index.
    """

    count: int
    largest: tuple[float, ...]
    tail: float

    @classmethod
    def of(cls, figures: Values, tail: float) -> Self:
        """Return the reference of some figures; NaN are left out.

        Examples
        --------
        >>> Reference.of(np.arange(300.0), 1.0).largest[0]
        263.0
        """
        known = np.sort(figures[np.isfinite(figures)])
        kept = min(max(int(known.size * SHARE_KEPT), LEAST_KEPT), KEPT, known.size)
        return cls(int(known.size), tuple(known[known.size - kept :].tolist()), tail)

    def among(self, figures: Values) -> Values:
        """Return the surprise of figures that are part of the reference themselves.

        Minus the logarithm of the share that is as large or larger.
        """
        larger = len(self.largest) - np.searchsorted(np.array(self.largest), figures)
        share = np.maximum(larger, 1) / (self.count + 1)
        known = np.isfinite(figures) & (figures >= self.largest[0])
        return np.where(known, -np.log(share), 0.0)

    def new(self, figures: Values, delay: int = 0) -> Values:
        """Return the surprise of later figures, each among the reference and those before it.

        Minus the logarithm of a conformal p-value (Vovk, Gammerman and Shafer, *Algorithmic
        Learning in a Random World*, 2005), which needs no distribution; beyond the largest so far
        it grows on with `tail`. 0 where a figure is NaN.

        Parameters
        ----------
        figures : ndarray of float64, shape (n,)
        delay : int
            How many figures after it one doesn't count as known yet.

        Examples
        --------
        >>> reference = Reference(99, (7.0, 8.0, 9.0), 1.0)
        >>> reference.new(np.array([8.5, 1.0, 9.0 * np.e])).round(2)
        array([3.91, 0.  , 5.62])
        """
        seen, count = list(self.largest), self.count
        floor = seen[0] if seen else 0.0
        found = np.zeros(figures.size)
        every = figures.tolist()
        for at, figure in enumerate(every):
            if at > delay:
                before = every[at - delay - 1]
                count += before == before  # NaN isn't
                if before >= floor:
                    insort(seen, before)
            if figure >= floor:
                found[at] = self._surprise(seen, count, figure)
        return found

    def fixed(self, figures: Values) -> Values:
        """Return the surprise of figures among the reference alone."""
        return self.new(figures, figures.size)

    def _surprise(self, seen: list[float], count: int, figure: float) -> float:
        larger = len(seen) - bisect_left(seen, figure)
        surprise = log((count + 1) / (larger + 1))
        if not larger and seen and seen[-1] > 0:
            surprise += self.tail * log(figure / seen[-1])
        return surprise

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {"count": self.count, "largest": list(self.largest), "tail": self.tail}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        return cls(int(data["count"]), tuple(data["largest"]), float(data["tail"]))
