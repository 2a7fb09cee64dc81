"""Readings gathered into hours or days, and means of what lies just behind."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.series import Times, Values


@dataclass(frozen=True)
class Bins:
    """Which readings belong together.

    Parameters
    ----------
    owner : ndarray of int, shape (n,)
        Position of each reading's bin; they don't decrease.
    starts : ndarray of int, shape (n_bins,)
        First reading of each bin.
    """

    owner: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, keys: NDArray[np.int64]) -> "Bins":
        """Return the bins of readings with equal neighbouring keys.

        Examples
        --------
        >>> Bins.of(np.array([5, 5, 7])).owner.tolist()
        [0, 0, 1]
        """
        if not keys.size:
            return cls(keys.copy(), keys.copy())
        first = np.concatenate([[True], keys[1:] != keys[:-1]])
        return cls(np.cumsum(first) - 1, np.flatnonzero(first))

    def total(self, values: Values) -> Values:
        """Return the sum in each bin, NaN counting as nothing. Shape (n_bins, …)."""
        summed: Values = np.add.reduceat(np.nan_to_num(values), self.starts, axis=0)
        return summed

    def mean(self, values: Values, weights: Values, least: float = 0.0) -> Values:
        """Return the weighted mean in each bin; NaN where too little is known.

        Parameters
        ----------
        values : ndarray of float64, shape (n,) or (n, k)
        weights : ndarray of float64, shape (n,)
        least : float
            Weight that must be known; more than 0 in any case.
        """
        weight = weights if values.ndim == 1 else weights[:, None]
        known = np.where(np.isfinite(values), weight, 0.0)
        mass = self.total(known)
        enough = (mass > 0) & (mass >= least)
        mean: Values = np.divide(
            self.total(values * known), mass, out=np.full(mass.shape, np.nan), where=enough
        )
        return mean


def trailing_mean(times: Times, values: Values, span: int) -> Values:
    """Return the mean of what was read in the `span` milliseconds up to and with each reading.

    NaN where nothing was.

    Examples
    --------
    >>> trailing_mean(np.array([0, 10, 20]), np.array([1.0, np.nan, 5.0]), 15).tolist()
    [1.0, 1.0, 5.0]
    """
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    low = np.searchsorted(times, times - span, side="right")
    here = np.arange(1, times.size + 1)
    number = counts[here] - counts[low]
    mean: Values = np.divide(
        sums[here] - sums[low], number, out=np.full(times.size, np.nan), where=number > 0
    )
    return mean
