"""Fewer points for a chart: mean, least, largest and sum of stretches of readings."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from modelwright.engine.errors import HyperparameterError
from modelwright.engine.machines.cadence import step_of, steps_by_day
from modelwright.engine.machines.local_time import DAY_MS, EPOCH_WEEKDAY, local, utc
from modelwright.engine.machines.series import HOUR_MS, Series, Times, Values

RESOLUTIONS = ("raw", "hour", "day", "auto")
POINTS = 2000
MINUTE_MS = 60_000
WEEK_MS = 7 * DAY_MS
_AUTO_WIDTHS = (
    *(minutes * MINUTE_MS for minutes in (1, 5, 15, 30)),
    *(hours * HOUR_MS for hours in (1, 3, 6)),
    *(days * DAY_MS for days in (1, 7)),
)
_SUMMED = ("_kwh", "_count")


@dataclass(frozen=True)
class Stretches:
    """A channel, drawn together.

    Parameters
    ----------
    mean, low, high : ndarray of float64, shape (n,)
        In the channel's unit; NaN where nothing was read.
    total : ndarray of float64, shape (n,), optional
        Sum of the readings, of energy and counts only.
    """

    mean: Values
    low: Values
    high: Values
    total: Values | None = None


@dataclass(frozen=True)
class Downsampled:
    """A series with fewer points.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Beginnings of the stretches, milliseconds UTC. An empty one stands at the beginning of each
        gap, so that a line breaks there.
    channels : mapping
        Name -> `Stretches`.
    counts : ndarray of int64, shape (n,)
        Readings in each stretch, 0 in a gap.
    width_ms : int
        How long a stretch is; 0 where each is one reading. Days are the machine's own, so that two
        of a year have 23 and 25 hours.
    """

    times: Times
    channels: Mapping[str, Stretches]
    counts: Times
    width_ms: int


def downsample(series: Series, resolution: str = "auto", *, points: int = POINTS) -> Downsampled:
    """Draw readings together.

    Parameters
    ----------
    series : Series
    resolution : str
        ``raw`` (the readings, nothing else), ``hour``, ``day``, or ``auto``: the finest that gives
        no more than `points`, not counting the empty ones.
    points : int
        For ``auto``.

    Raises
    ------
    HyperparameterError
        There is no such resolution, or `points` is below 2.

    Examples
    --------
    >>> quarter_hours = np.arange(8) * 900_000
    >>> series = Series(quarter_hours, {"energy_kwh": np.arange(8.0)})
    >>> downsample(series, "hour").channels["energy_kwh"].total
    array([ 6., 22.])
    """
    if resolution not in RESOLUTIONS:
        raise HyperparameterError([f"resolution must be one of {', '.join(RESOLUTIONS)}"])
    if points < 2:
        raise HyperparameterError(["points must be at least 2"])
    width = _width(series, resolution, points) if len(series) else 0
    if not width:
        return _as_read(series, mark_gaps=resolution == "auto")
    begins = _begins(series, width)
    first = np.flatnonzero(np.diff(begins, prepend=begins[0] - 1))
    counts = np.diff(first, append=begins.size)
    channels = {name: _joined(name, values, first) for name, values in series.channels.items()}
    # A day of 25 hours is followed by the next after 25; slow machines aren't all gap.
    usual = max(width + (HOUR_MS if width > HOUR_MS else 0), step_of(series.times) * 3 // 2)
    after = np.flatnonzero(np.diff(begins[first]) > usual)
    found = Downsampled(begins[first], channels, counts, width)
    return _broken(found, after, found.times[after] + width)


def stretches_of(
    first: int, last: int, timezone: str, resolution: str, *, points: int = POINTS
) -> tuple[Times, int]:
    """Return the stretches that `downsample` makes of many readings, without the readings.

    For whoever has them in a database, which can draw them together itself.

    Parameters
    ----------
    first, last : int
        First and last reading, milliseconds UTC.
    timezone : str
        The machine's, IANA name.
    resolution : str
        ``hour``, ``day`` or ``auto``.
    points : int
        For ``auto``.

    Returns
    -------
    begins : ndarray of int64, shape (n,)
        Of all stretches from that of `first` to that of `last`, also of those without readings.
    width_ms : int
        How long a stretch is.

    Examples
    --------
    >>> begins, width = stretches_of(1_800_000, 7_200_000, "UTC", "hour")
    >>> begins // HOUR_MS, width // HOUR_MS
    (array([0, 1, 2]), 1)
    """
    width = _width_of(last - first, resolution, points)
    grid = np.append(np.arange(first, last, min(width, HOUR_MS), dtype=np.int64), last)
    begins: Times = np.unique(_begins(Series(grid, timezone=timezone), width))
    return begins, width


def _width(series: Series, resolution: str, points: int) -> int:
    if resolution == "raw" or (resolution == "auto" and len(series) <= points):
        return 0
    return _width_of(int(series.times[-1] - series.times[0]), resolution, points)


def _width_of(span: int, resolution: str, points: int) -> int:
    if resolution != "auto":
        return DAY_MS if resolution == "day" else HOUR_MS
    # one more for a stretch begun before the first reading
    fitting = [width for width in _AUTO_WIDTHS if span // width + 2 <= points]
    return fitting[0] if fitting else (span // (WEEK_MS * (points - 1)) + 1) * WEEK_MS


def _begins(series: Series, width: int) -> Times:
    """Return the beginning of the stretch that each reading lies in."""
    shown = local(series.times, series.timezone)
    if width <= HOUR_MS:
        # The hour that is repeated in autumn stays two hours: they begin at different moments.
        return series.times - shown % width
    shift = EPOCH_WEEKDAY * DAY_MS if width >= WEEK_MS else 0
    number = (shown + shift) // width
    change = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    moments = [utc(int(n) * width - shift, series.timezone) for n in number[change]]
    return np.repeat(np.array(moments, dtype=np.int64), np.diff(change, append=number.size))


def _joined(name: str, values: Values, first: Times) -> Stretches:
    read = np.isfinite(values)
    counts = np.add.reduceat(read.astype(np.int64), first)
    total = np.add.reduceat(np.where(read, values, 0.0), first)
    values = np.where(read, values, np.nan)
    empty = counts == 0
    total[empty] = np.nan
    return Stretches(
        mean=total / np.maximum(counts, 1),
        low=np.fmin.reduceat(values, first),
        high=np.fmax.reduceat(values, first),
        total=total if is_summed(name) else None,
    )


def is_summed(name: str) -> bool:
    """Return whether readings of a channel add up (energy, counts), by its name."""
    return name.endswith(_SUMMED)


def _as_read(series: Series, *, mark_gaps: bool) -> Downsampled:
    counts = np.ones(len(series), dtype=np.int64)
    channels = {
        name: Stretches(values, values, values, values if is_summed(name) else None)
        for name, values in series.channels.items()
    }
    found = Downsampled(series.times, channels, counts, 0)
    if not mark_gaps:
        return found
    steps = steps_by_day(series.times)[:-1]
    after = np.flatnonzero(np.diff(series.times) > steps * 3 // 2)
    return _broken(found, after, series.times[after] + steps[after])


def _broken(found: Downsampled, after: Times, empty: Times) -> Downsampled:
    """Put an empty stretch that begins at `empty` behind each of `after`."""
    if not after.size:
        return found
    at = after + 1

    def broken(values: Values) -> Values:
        return np.insert(values, at, np.nan)

    channels = {
        name: Stretches(
            broken(stretches.mean),
            broken(stretches.low),
            broken(stretches.high),
            None if stretches.total is None else broken(stretches.total),
        )
        for name, stretches in found.channels.items()
    }
    return Downsampled(
        np.insert(found.times, at, empty), channels, np.insert(found.counts, at, 0), found.width_ms
    )
