"""Intervals around predictions, from errors on readings that the model hadn't seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.series import Values

PRIOR_ROWS = 10.0


@dataclass(frozen=True)
class Band:
    """How far actual values are from predictions, in each of some cells (hours of the week).

    Parameters
    ----------
    scale : ndarray of float64, shape (cells,)
        Usual absolute error.
    low, high : float
        In multiples of it; `coverage` of all errors lie between them.
    coverage : float
    """

    scale: Values
    low: float
    high: float
    coverage: float

    @classmethod
    def of(
        cls,
        cell: NDArray[np.int64],
        errors: Values,
        cells: int,
        coverage: float,
        prior: float = PRIOR_ROWS,
    ) -> Self:
        """Return the band of some errors (actual less predicted).

        Parameters
        ----------
        cell : ndarray of int64, shape (n,)
        errors : ndarray of float64, shape (n,)
        cells : int
        coverage : float
        prior : float
            Errors that a cell must have for its own to count as much as the usual one.

        Cells with few errors borrow from all. The limits are conformal: the share is that of n + 1
        values, so that few errors give a wide band (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman
        2018, with their scaling by a cell's usual error).

        Examples
        --------
        >>> band = Band.of(np.zeros(99, dtype=int), np.linspace(-1, 1, 99), 1, 0.9)
        >>> lower, upper = band.around(np.zeros(1, dtype=int), np.array([5.0]))
        >>> (lower.round(2), upper.round(2))
        (array([4.06]), array([5.92]))
        """
        size = np.abs(errors)
        usual = float(size.mean())
        counts = np.bincount(cell, minlength=cells)
        sums = np.bincount(cell, size, minlength=cells)
        scale = (sums + prior * usual) / (counts + prior)
        scale = np.maximum(scale, np.finfo(float).tiny)
        multiples = np.sort(errors / scale[cell])
        count = multiples.size
        beside = (1 - coverage) / 2 * (count + 1)
        low = max(int(np.floor(beside)), 1) - 1
        high = min(int(np.ceil(count + 1 - beside)), count) - 1
        return cls(scale, float(multiples[low]), float(multiples[high]), coverage)

    def around(self, cell: NDArray[np.int64], mean: Values) -> tuple[Values, Values]:
        """Return the limits below and above each prediction."""
        scale = self.scale[cell]
        return mean + self.low * scale, mean + self.high * scale

    def wider(self, factor: float) -> "Band":
        """Return the band `factor` times as wide."""
        return Band(self.scale * factor, self.low, self.high, self.coverage)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {**self.__dict__, "scale": self.scale.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        return cls(**{**data, "scale": np.array(data["scale"])})
