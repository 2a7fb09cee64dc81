"""Forecast errors by how far ahead, and the bands that they give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.bands import Band
from modelwright.engine.machines.series import Values

PRIOR_ORIGINS = 20.0
PRIOR_READINGS = 10.0
CELLS = 168


@dataclass(frozen=True)
class HorizonBand:
    """A band that widens with the distance ahead, and is each hour of the week's own.

    Parameters
    ----------
    size : ndarray of float64, shape (H,)
        Usual absolute error of 1 … H steps ahead.
    band : Band
        Of errors divided by it, in cells of hours of the week.
    """

    size: Values
    band: Band

    @classmethod
    def of(
        cls, errors: Values, cell: NDArray[np.int64], shape: Values, coverage: float
    ) -> Self | None:
        """Return the band of the errors from many origins; None where there are none.

        Parameters
        ----------
        errors : ndarray of float64, shape (n_origins, H)
            Actual less forecast, NaN where nothing was read.
        cell : ndarray of int64, shape (n_origins, H)
            Hour of the week that was forecast.
        shape : ndarray of float64, shape (H,)
            How errors grow in theory; what few origins borrow from.
        coverage : float
        """
        known = np.isfinite(errors)
        counts = known.sum(axis=0)
        if not counts.any():
            return None
        relative = np.where(known, np.abs(errors), 0.0) / shape
        usual = float(relative.sum() / counts.sum())
        ratio = (relative.sum(axis=0) + PRIOR_ORIGINS * usual) / (counts + PRIOR_ORIGINS)
        size = np.maximum(shape * ratio, np.finfo(float).tiny)
        scaled = (errors / size)[known]
        # Each cell's reading was forecast from up to H origins, whose errors are much the same.
        prior = PRIOR_READINGS * float(shape.size)
        return cls(size, Band.of(cell[known], scaled, CELLS, coverage, prior))

    def around(
        self, mean: Values, ahead: NDArray[np.int64], cell: NDArray[np.int64], shape: Values
    ) -> tuple[Values, Values]:
        """Return the limits below and above forecasts.

        Parameters
        ----------
        mean : ndarray of float64, shape (n,)
        ahead : ndarray of int64, shape (n,)
            How many steps ahead, from 1.
        cell : ndarray of int64, shape (n,)
        shape : ndarray of float64, shape (at least the largest `ahead`,)
            How errors grow in theory: beyond what was measured they grow like this.
        """
        last = self.size.size
        within = np.minimum(ahead, last)
        size = self.size[within - 1] * shape[ahead - 1] / shape[within - 1]
        scale = self.band.scale[cell] * size
        return mean + self.band.low * scale, mean + self.band.high * scale

    @property
    def coverage(self) -> float:
        """Return the share of values that the band promises to hold."""
        return self.band.coverage

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {"size": self.size.tolist(), "band": self.band.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        return cls(np.array(data["size"]), Band.from_dict(data["band"]))
