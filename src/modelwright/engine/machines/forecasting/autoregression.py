"""Least squares on waves and lags: the fit of an autoregression with exogenous columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.forecasting.moments import Moments
from modelwright.engine.machines.series import Values

LIFT = 1e-6
DAMPING = 0.99
GROWTH = 1.2
CHECKED = 3
LEAST_CHECKED = 600


class Cross(Moments):
    """Cross products of columns and lags, and what is solved from them."""

    @classmethod
    def lagged(
        cls,
        columns: Values,
        lags: Sequence[int],
        series: Values,
        rows: NDArray[np.int64],
    ) -> Self:
        """Return the cross products of some rows.

        Parameters
        ----------
        columns : ndarray of float64, shape (n, k)
        lags : sequence of int
            In steps; they become the last columns.
        series : ndarray of float64, shape (n,)
            Without gaps.
        rows : ndarray of int64
            Which to take; none below the largest lag.
        """
        if rows.size and rows[-1] - rows[0] + 1 == rows.size:
            low, high = int(rows[0]), int(rows[-1]) + 1
            lagged = [series[low - lag : high - lag] for lag in lags]
            design = np.column_stack([columns[low:high], *lagged])
            target = series[low:high]
        else:
            lagged = [series[rows - lag] for lag in lags]
            design = np.column_stack([columns[rows], *lagged])
            target = series[rows]
        return cls.of(design, target)

    def solve(self, which: NDArray[np.int64]) -> tuple[Values, float]:
        """Return the coefficients of some columns, and the sum of squared errors."""
        right = self.right[which]
        found = _solved(self._lifted(which), right)
        # The penalty is tiny: what it adds to the sum of squares doesn't tell models apart.
        return found, max(self.square - float(found @ right), np.finfo(float).tiny)

    def beside(
        self, which: NDArray[np.int64], others: NDArray[np.int64], weights: Values
    ) -> Values:
        """Return the coefficients of some columns where those of others are given."""
        right = self.right[which] - self.gram[np.ix_(which, others)] @ weights
        return _solved(self._lifted(which), right)

    def _lifted(self, which: NDArray[np.int64]) -> Values:
        gram: Values = self.gram[np.ix_(which, which)]
        return gram + LIFT * max(self.rows, 1) * np.eye(which.size)

    def akaike(self, error: float, parameters: int) -> float:
        """Return Akaike's criterion of a fit with that sum of squared errors."""
        return self.rows * float(np.log(error / self.rows)) + 2 * (parameters + 1)


def _solved(gram: Values, right: Values) -> Values:
    found: Values = np.linalg.solve(gram, right).astype(np.float64, copy=False)
    return found


@dataclass(frozen=True)
class Autoregression:
    """What is next is a sum of what was, and of columns known beforehand.

    Parameters
    ----------
    lags : tuple of int
        In steps, rising.
    weights : ndarray of float64, shape (number of lags,)
    """

    lags: tuple[int, ...] = ()
    weights: Values = field(default_factory=lambda: np.empty(0))

    @property
    def memory(self) -> int:
        """Return how many steps it looks back."""
        return max(self.lags, default=0)

    def response(self, count: int) -> Values:
        """Return what a shock of 1 adds 0 … `count` - 1 steps later.

        Examples
        --------
        >>> Autoregression((1,), np.array([0.5])).response(3)
        array([1.  , 0.5 , 0.25])
        """
        found = np.zeros(count + self.memory)
        found[self.memory] = 1.0
        lags = np.array(self.lags, dtype=np.int64)
        for at in range(self.memory + 1, count + self.memory):
            found[at] = self.weights @ found[at - lags]
        return found[self.memory :]

    def ahead(self, count: int) -> Values:
        """Return how forecasts of 1 … `count` steps weigh what was known.

        Returns
        -------
        ndarray of float64, shape (memory, count)
            The first row is for the newest value.
        """
        memory = self.memory
        table = np.zeros((memory + count, memory))
        table[:memory] = np.eye(memory)[::-1]  # row memory - 1 is the newest value itself
        lags = np.array(self.lags, dtype=np.int64)
        for at in range(memory, memory + count):
            table[at] = self.weights @ table[at - lags]
        return table[memory:].T

    def forecasts(self, series: Values, future: Values, origins: NDArray[np.int64]) -> Values:
        """Return forecasts of 1 … `count` steps from many origins.

        Parameters
        ----------
        series : ndarray of float64, shape (n,)
            Without gaps.
        future : ndarray of float64, shape (m, count)
            What the columns add at each of the steps after each origin.
        origins : ndarray of int64, shape (m,)
            The newest value that is known; at least `memory` - 1.

        Returns
        -------
        ndarray of float64, shape (m, count)
        """
        count = future.shape[1]
        shocks = self.response(count)
        steps = np.arange(count)
        distance = steps[None, :] - steps[:, None]
        spread = np.where(distance >= 0, shocks[np.maximum(distance, 0)], 0.0)
        found: Values = future @ spread
        if self.memory:
            windows = np.lib.stride_tricks.sliding_window_view(series, self.memory)
            found += windows[origins - self.memory + 1] @ self.ahead(count)[::-1]
        return found

    def calmed(self) -> "Autoregression":
        """Return it with its weights drawn in until a shock no longer grows."""
        found = self
        count = max(CHECKED * self.memory, LEAST_CHECKED)
        while self.lags:
            response = np.abs(found.response(count))
            third = count // CHECKED
            if response[-third:].max() <= GROWTH * max(float(response[:third].max()), 1.0):
                break
            factors = DAMPING ** (np.array(self.lags) / max(self.memory, 1))
            found = Autoregression(self.lags, found.weights * factors)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {"lags": list(self.lags), "weights": self.weights.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        return cls(tuple(data["lags"]), np.array(data["weights"]))
