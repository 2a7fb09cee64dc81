"""What the candidates of a baseline see: readings as rates, with calendar and drivers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.cadence import durations, step_of
from modelwright.engine.machines.gathering import Bins, trailing_mean
from modelwright.engine.machines.local_time import DAY_MS, hour_of_week, local
from modelwright.engine.machines.series import HOUR_MS, Series, Times, Values, is_total

HOUR, DAY, PERIOD = "hour", "day", "period"
SUNDAY = 6
YEAR_DAYS = 365.2425
LAG_HOURS = (6, 24)
LEAST_COVERED = 0.75
BIN_MS = {HOUR: HOUR_MS, DAY: DAY_MS}


@dataclass(frozen=True)
class Inputs:
    """Which channels a baseline uses and how it looks at time.

    Parameters
    ----------
    target : str
    temperature, production : str or None
    drivers : tuple of str
        Further channels.
    resolution : str
        ``hour`` (readings of up to some hours), ``day``, or ``period`` (weeks, months).
    step : int
        From one row of the model to the next, milliseconds.
    holidays : tuple of int
        Days since 1970-01-01, in local time, that count as Sundays.
    """

    target: str
    temperature: str | None = None
    production: str | None = None
    drivers: tuple[str, ...] = ()
    resolution: str = HOUR
    step: int = HOUR_MS
    holidays: tuple[int, ...] = ()

    @property
    def unit_hours(self) -> float:
        """Return the hours that a rate is for: energy per hour, or per day."""
        return 1.0 if self.resolution == HOUR else 24.0

    @property
    def numeric(self) -> tuple[str, ...]:
        """Return production and the further drivers."""
        return (*((self.production,) if self.production else ()), *self.drivers)

    @property
    def features(self) -> tuple[str, ...]:
        """Return all channels, target first."""
        warmth = (self.temperature,) if self.temperature else ()
        return (self.target, *warmth, *self.numeric)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        lists = {name: tuple(data[name]) for name in ("drivers", "holidays")}
        return cls(**{**data, **lists})


@dataclass(frozen=True)
class Frame:
    """Rows of a baseline.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Start of each row, milliseconds UTC.
    hours : ndarray of float64, shape (n,)
        How long it lasts.
    target : ndarray of float64, shape (n,)
        Per hour or per day where the channel adds up; NaN where it wasn't read.
    hour, weekday : ndarray of int, shape (n,)
        Local; a holiday counts as a Sunday.
    holiday : ndarray of bool, shape (n,)
    month : ndarray of int, shape (n,)
        1 … 12, local.
    season : ndarray of float64, shape (n,)
        Place in the year, 0 … 2 pi.
    temperature : ndarray of float64, shape (n,), or None
    lagged : ndarray of float64, shape (n, 2), or None
        Mean temperature of the last 6 and 24 hours.
    drivers : mapping
        Name -> ndarray of float64, shape (n,).
    resolution : str
    owner : ndarray of int or None
        For each reading, the row that it went into; None where each is a row.
    fine : ndarray of float64 or None
        The temperatures that were gathered into rows, with `bins` and `weights`: a day with a warm
        afternoon has degree-hours that its mean doesn't show.
    """

    times: Times
    hours: Values
    target: Values
    hour: NDArray[np.int64]
    weekday: NDArray[np.int64]
    holiday: NDArray[np.bool_]
    month: NDArray[np.int64]
    season: Values
    temperature: Values | None
    lagged: Values | None
    drivers: Mapping[str, Values]
    resolution: str = HOUR
    owner: NDArray[np.int64] | None = None
    fine: Values | None = field(default=None, repr=False)
    bins: Bins | None = field(default=None, repr=False)
    weights: Values | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return int(self.times.size)

    @property
    def spread_known(self) -> bool:
        """Return whether the temperatures within each row are known."""
        return self.resolution == HOUR or self.fine is not None

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Return which rows have every driver."""
        known = np.ones(len(self), dtype=bool)
        if self.temperature is not None:
            known &= np.isfinite(self.temperature)
        for values in self.drivers.values():
            known &= np.isfinite(values)
        return known

    def warmth(self, knots: Sequence[float] | Values, side: int, spread: float = 0.0) -> Values:
        """Return degrees above (`side` 1) or below (-1) each of some temperatures.

        Parameters
        ----------
        knots : sequence of float or ndarray, length k
        side : int
        spread : float
            Scale of a logistic distribution of temperatures within the row: the corner is rounded
            by it. Nothing is rounded where the temperatures are known.

        Returns
        -------
        ndarray of float64, shape (n, k)
        """
        if self.temperature is None:
            return np.empty((len(self), 0))
        at = np.asarray(knots, dtype=float)
        if self.fine is not None and self.bins is not None and self.weights is not None:
            degrees = np.maximum(side * (self.fine[:, None] - at), 0.0)
            return self.bins.mean(degrees, self.weights)
        distance: Values = side * (self.temperature[:, None] - at)
        if spread <= 0:
            distance = np.maximum(distance, 0.0)
            return distance
        with np.errstate(invalid="ignore"):  # a gap stays one
            rounded: Values = spread * np.logaddexp(0.0, distance / spread)
        return rounded


def build_frame(series: Series, inputs: Inputs, *, gather: bool) -> Frame:
    """Return the rows of `series`.

    Parameters
    ----------
    series : Series
    inputs : Inputs
    gather : bool
        Whether readings that are finer than the model's rows are gathered. Models of days and
        months always do; one of hours can look at every reading by itself.
    """
    step = step_of(series.times)
    clock = local(series.times, series.timezone)
    hours = durations(series.times)
    values = {name: _rate(series, name, hours, inputs.unit_hours) for name in inputs.features}
    bin_ms = BIN_MS.get(inputs.resolution, DAY_MS)
    finer = step < bin_ms and 2 * step <= inputs.step
    if finer and (gather or inputs.resolution != HOUR) and len(series):
        return _gathered(series.times, clock, hours, values, inputs, bin_ms)
    return _frame(series.times, clock, hours, values, inputs)


def _rate(series: Series, name: str, hours: Values, unit_hours: float) -> Values:
    values = series.channels.get(name)
    if values is None:
        return np.full(len(series), np.nan)
    return values / hours * unit_hours if is_total(name) else values


def _gathered(
    times: Times,
    clock: Times,
    hours: Values,
    values: Mapping[str, Values],
    inputs: Inputs,
    bin_ms: int,
) -> Frame:
    # The hour that a clock change repeats is two rows: their bins are made from UTC.
    keys = (times + (clock - times) % HOUR_MS) // HOUR_MS if bin_ms == HOUR_MS else clock // DAY_MS
    bins = Bins.of(keys)
    least = LEAST_COVERED * bin_ms / HOUR_MS
    means = {name: bins.mean(column, hours, least) for name, column in values.items()}
    first = bins.starts
    base = _frame(times[first], clock[first], bins.total(hours), means, inputs)
    fine = inputs.temperature is not None and bin_ms == DAY_MS
    return Frame(
        **{
            **base.__dict__,
            "owner": bins.owner,
            "fine": values[inputs.temperature] if fine and inputs.temperature else None,
            "bins": bins,
            "weights": hours,
        }
    )


def _frame(
    times: Times, clock: Times, hours: Values, values: Mapping[str, Values], inputs: Inputs
) -> Frame:
    days = clock // DAY_MS
    week_hour = hour_of_week(clock)
    holiday = np.isin(days, np.array(inputs.holidays, dtype=np.int64))
    warmth = values[inputs.temperature] if inputs.temperature else None
    lagged = None
    if warmth is not None and inputs.resolution == HOUR:
        lagged = np.column_stack([trailing_mean(times, warmth, h * HOUR_MS) for h in LAG_HOURS])
    return Frame(
        times=times,
        hours=hours,
        target=values[inputs.target],
        hour=week_hour % 24,
        weekday=np.where(holiday, SUNDAY, week_hour // 24),
        holiday=holiday,
        month=clock.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64) % 12 + 1,
        season=2 * np.pi * ((clock / DAY_MS / YEAR_DAYS) % 1.0),
        temperature=warmth,
        lagged=lagged,
        drivers={name: values[name] for name in inputs.numeric},
        resolution=inputs.resolution,
    )
