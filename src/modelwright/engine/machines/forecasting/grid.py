"""Readings on a regular grid of time, gaps and all."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.cadence import durations, step_of
from modelwright.engine.machines.gathering import Bins
from modelwright.engine.machines.series import HOUR_MS, Series, Times, Values, is_total

MINUTE_MS = 60_000
NICE_STEPS = (MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS)
LEAST_ROWS = 1000
MOST_CELLS = 3_000_000
ALIKE = 0.75
COARSER = 1.5
COVERED = 0.5


@dataclass(frozen=True)
class Grid:
    """Values at equal distances in time.

    Parameters
    ----------
    first : int
        Start of the first cell, milliseconds UTC.
    step : int
        Length of a cell, milliseconds.
    values : ndarray of float64, shape (n,)
        NaN where nothing was read.
    timezone : str
    warmth : ndarray of float64, shape (n,), or None
        Temperatures, where they are a driver.
    """

    first: int
    step: int
    values: Values
    timezone: str = "UTC"
    warmth: Values | None = None

    def __len__(self) -> int:
        return int(self.values.size)

    @property
    def times(self) -> Times:
        """Return the start of each cell."""
        return self.times_of(0, len(self))

    @property
    def end(self) -> int:
        """Return the start of the cell after the last."""
        return self.first + self.step * len(self)

    def times_of(self, low: int, high: int) -> Times:
        """Return the starts of the cells `low` … `high` - 1, inside the grid or not."""
        return self.first + self.step * np.arange(low, high, dtype=np.int64)

    def part(self, low: int, high: int) -> "Grid":
        """Return the cells `low` … `high` - 1."""
        first = self.first + self.step * low
        warmth = self.warmth[low:high] if self.warmth is not None else None
        return Grid(first, self.step, self.values[low:high], self.timezone, warmth)

    def after(self, earlier: "Grid") -> "Grid":
        """Return this grid with the cells of `earlier` that lie before it put in front.

        Cells between both are unknown. This grid itself where `earlier` is on other cells, or
        doesn't begin before it.
        """
        distance, odd = divmod(self.first - earlier.first, self.step)
        if odd or earlier.step != self.step or distance <= 0 or distance > MOST_CELLS:
            return self
        warmth = None
        if self.warmth is not None and earlier.warmth is not None:
            warmth = _joined(earlier.warmth, self.warmth, distance)
        values = _joined(earlier.values, self.values, distance)
        return Grid(earlier.first, self.step, values, self.timezone, warmth)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: None for a gap."""
        return {
            "first": self.first,
            "step": self.step,
            "timezone": self.timezone,
            "values": _listed(self.values),
            "warmth": _listed(self.warmth) if self.warmth is not None else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        made = {
            name: np.array([np.nan if v is None else v for v in data[name]], dtype=float)
            for name in ("values", "warmth")
            if data[name] is not None
        }
        return cls(**{**data, **made})


def _joined(earlier: Values, later: Values, distance: int) -> Values:
    whole = np.full(distance + later.size, np.nan)
    known = min(earlier.size, distance)
    whole[:known] = earlier[:known]
    whole[distance:] = later
    return whole


def _listed(values: Values) -> list[float | None]:
    return [v if math.isfinite(v) else None for v in values.tolist()]


@dataclass(frozen=True)
class Placed:
    """Where readings lie on a grid.

    Parameters
    ----------
    grid : Grid
    cell : ndarray of int64, shape (n_readings,)
        Which cell each reading is in; -1 where that one is not in the grid: it isn't over yet.
    share : ndarray of float64, shape (n_readings,)
        What a reading has of its cell: its part of the time where values add up, else 1.
    """

    grid: Grid
    cell: NDArray[np.int64]
    share: Values


def grid_step(times: Times) -> int:
    """Return the step that forecasts of such readings are made in, in milliseconds.

    The usual step; finer ones are gathered to a minute, 5 or 15 minutes as long as a thousand cells
    remain.

    Examples
    --------
    >>> grid_step(np.arange(100_000) * MINUTE_MS) // MINUTE_MS
    15
    """
    step = step_of(times)
    span = int(times[-1] - times[0]) if times.size else 0
    for nice in NICE_STEPS:
        if 2 * step <= nice and span // nice >= LEAST_ROWS:
            step = nice
    return step


def place(series: Series, target: str, step: int, warmth: str | None = None) -> Placed:
    """Put a channel's readings on a grid.

    Readings as far apart as the grid's step go to the nearest cell, counted from the last; finer
    ones are gathered, and a cell that was read for less than half of its length is unknown. The
    last one is left out as long as it isn't over.

    Parameters
    ----------
    series : Series
    target : str
    step : int
        Milliseconds.
    warmth : str, optional
        Channel of the temperature.

    Raises
    ------
    DataLoadError
        A channel is missing, the readings are further apart than the step, or years lie between
        them.
    """
    channels = [name for name in (target, warmth) if name is not None]
    for name in channels:
        if name not in series.channels:
            raise DataLoadError(f"The readings have no {name}: send it, or train another model.")
    if not len(series):
        none = np.empty(0)
        return Placed(
            Grid(0, step, none, series.timezone, none if warmth else None),
            np.empty(0, np.int64),
            none,
        )
    own = step_of(series.times)
    if len(series) > 1 and own > COARSER * step:
        raise DataLoadError(
            f"The readings are {own / HOUR_MS:g} hours apart, the model's steps are"
            f" {step / HOUR_MS:g}: train it again, or send readings as often."
        )
    if (int(series.times[-1]) - int(series.times[0])) // step >= MOST_CELLS:
        raise DataLoadError("The first reading lies far before the others: check its time.")
    nearest = own >= ALIKE * step or len(series) == 1
    return (_nearest if nearest else _gathered)(series, channels, step)


def _nearest(series: Series, channels: list[str], step: int) -> Placed:
    last = int(series.times[-1])
    behind = (last - series.times + step // 2) // step
    count = int(behind[0]) + 1
    cell = count - 1 - behind
    columns = []
    for name in channels:
        values = series.channels[name]
        known = np.isfinite(values)
        columns.append(np.full(count, np.nan))
        columns[-1][cell[known]] = values[known]
    grid = Grid(last - (count - 1) * step, step, columns[0], series.timezone, *columns[1:])
    ones: Values = np.ones(len(series))
    return Placed(grid, cell, ones)


def _gathered(series: Series, channels: list[str], step: int) -> Placed:
    hours = durations(series.times)
    keys = series.times // step
    bins = Bins.of(keys)
    at = keys[bins.starts]
    over = int(series.times[-1]) + round(hours[-1] * HOUR_MS) >= (int(at[-1]) + 1) * step
    count = int(at[-1] - at[0]) + int(over)
    inside = at - at[0] < count
    part: Values = hours * HOUR_MS / step
    columns = []
    for name in channels:
        values = series.channels[name]
        rates = values / part if is_total(name) else values
        means = bins.mean(rates, hours, COVERED * step / HOUR_MS)
        columns.append(np.full(count, np.nan))
        columns[-1][(at - at[0])[inside]] = means[inside]
    cell = keys - at[0]
    return Placed(
        Grid(int(at[0]) * step, step, columns[0], series.timezone, *columns[1:]),
        np.where(cell < count, cell, -1),
        part if is_total(channels[0]) else np.ones(len(series)),
    )
