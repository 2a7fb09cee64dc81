"""The errors of a machine's model: how far readings are from what it expects."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.base import MachineModel
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import Series, Times, Values


@dataclass(frozen=True)
class Errors:
    """How far a model was off.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Milliseconds UTC, increasing.
    signed : ndarray of float64, shape (n,)
        Actual value less expected one, in the target's unit; only where there are both.
    expected : ndarray of float64, shape (n,)
        The expected values.
    """

    times: Times
    signed: Values
    expected: Values

    @property
    def sizes(self) -> Values:
        """Absolute, in the target's unit."""
        return np.abs(self.signed)

    def part(self, first: int, end: int) -> "Errors":
        """Return those from `first` up to `end`, `end` excluded."""
        return Errors(self.times[first:end], self.signed[first:end], self.expected[first:end])

    def since(self, start: int) -> "Errors":
        """Return those from a time on, in milliseconds UTC."""
        return self.part(int(np.searchsorted(self.times, start)), len(self.times))

    @classmethod
    def joined(cls, pieces: Sequence["Errors"]) -> "Errors":
        """Return pieces, one after the other, as one."""
        if not pieces:
            return cls(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
        columns = ([one.times, one.signed, one.expected] for one in pieces)
        return cls(*map(np.concatenate, zip(*columns, strict=True)))


def errors_of(model: MachineModel, series: Series, start: int) -> Errors:
    """Return the errors of the readings from `start` on; those before it are looked back on."""
    found = model.expected(series)
    actual = series.channels.get(model.target, np.full(len(series), np.nan))
    known = (series.times >= start) & np.isfinite(actual) & np.isfinite(found.mean)
    return Errors(series.times[known], (actual - found.mean)[known], found.mean[known])


def days_of(errors: Errors) -> list[Errors]:
    """Return the errors by day, without days that are hardly read."""
    number: NDArray[np.int64] = errors.times // DAY_MS
    _, first, counts = np.unique(number, return_index=True, return_counts=True)
    enough = counts >= 0.5 * np.median(counts) if counts.size else counts > 0
    return [errors.part(f, f + c) for f, c in zip(first[enough], counts[enough], strict=True)]
