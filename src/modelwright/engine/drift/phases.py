"""Where in the day and the week a time lies, by the clocks of a place."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.errors import DriftDataError

Ints = NDArray[np.int64]

HOUR = 3_600_000
DAY = 24 * HOUR
WEEK = 7 * DAY
_BLOCK = HOUR // 2
_THURSDAY = 3
"""1970 began on one; Monday is 0."""

PHASES = {"hour_of_week": 168, "workday_hour": 48, "hour": 24, "weekday": 7, "none": 1}
"""Name of a division of the week -> how many phases it has."""


def as_times(times: NDArray[np.int64]) -> Ints:
    """Return times as milliseconds since 1970 (UTC).

    Raises
    ------
    DriftDataError
        Where they are something else than whole numbers.
    """
    found = np.asarray(times)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise DriftDataError("Give the times as whole milliseconds since 1970 (UTC), one a row.")
    return found.astype(np.int64)


def zone(name: str) -> ZoneInfo:
    """Return the time zone of that name.

    Raises
    ------
    DriftDataError
        Where there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DriftDataError(
            f"There is no time zone {name!r}: give one such as Europe/Berlin.", timezone=name
        ) from error


def local_hours(times: Ints, timezone: str) -> Ints:
    """Return hours since Monday, 1969-12-29 by the clocks of a place.

    Parameters
    ----------
    times : ndarray of int
        Milliseconds since 1970 (UTC).
    timezone : str
        As the IANA names it.

    Examples
    --------
    >>> summer = np.array([1_751_328_000_000])  # Tuesday, 2025-07-01 00:00 UTC
    >>> (local_hours(summer, "Europe/Berlin") % 168).tolist()
    [26]
    """
    local = times if timezone == "UTC" else times + _offsets(times, zone(timezone))
    return local // HOUR + 24 * _THURSDAY


def _offsets(times: Ints, place: ZoneInfo) -> Ints:
    """Return how far the clocks of a place are ahead at each time: two look-ups for each day.

    Only on days that don't end as they began there is one for each half hour that occurs: clocks
    change on the half hour at most.
    """
    days, day = np.unique(times // DAY, return_inverse=True)
    ends = np.unique(np.concatenate([days, days + 1]))
    known = np.array([_offset(int(end) * DAY, place) for end in ends], dtype=np.int64)
    begin = known[np.searchsorted(ends, days)]
    changing = (begin != known[np.searchsorted(ends, days + 1)])[day]
    found: Ints = begin[day]
    if changing.any():
        blocks, which = np.unique(times[changing] // _BLOCK, return_inverse=True)
        some = [_offset(int(block) * _BLOCK, place) for block in blocks]
        found[changing] = np.array(some, dtype=np.int64)[which]
    return found


def _offset(time: int, place: ZoneInfo) -> int:
    there = datetime.fromtimestamp(time / 1000, UTC).astimezone(place).utcoffset()
    return round(there.total_seconds() * 1000) if there else 0


def phases(times: Ints, division: str, timezone: str) -> Ints:
    """Return the phase of each time, from 0.

    Examples
    --------
    >>> phases(np.array([1_751_328_000_000]), "weekday", "UTC").tolist()
    [1]
    """
    hours = local_hours(times, timezone)
    of_week = hours % 168
    if division == "hour_of_week":
        return of_week
    if division == "workday_hour":
        return np.where(of_week >= 120, 24, 0) + of_week % 24
    if division == "hour":
        return of_week % 24
    if division == "weekday":
        return of_week // 24
    return np.zeros(len(times), dtype=np.int64)


def division_for(times: Ints) -> str:
    """Return into what phases the week may be divided, for times in ascending order.

    Ten rows are wanted in each phase: of the week where there are ten weeks, else workdays and
    weekends, else the day alone.
    """
    span = int(times[-1] - times[0])
    steps = np.diff(times)
    hourly = bool(len(steps)) and float(np.median(steps)) <= 6 * HOUR
    if hourly and span >= 10 * WEEK:
        return "hour_of_week"
    if hourly and span >= 2 * WEEK:
        return "workday_hour"
    if hourly and span >= 4 * DAY:
        return "hour"
    return "weekday" if not hourly and span >= 10 * WEEK else "none"


def bucket_for(times: Ints) -> int:
    """Return how long the windows are that the reference is compared by, in milliseconds.

    The shortest of hour, day, week and four weeks with four rows as a rule, and at most 1,024 of
    them; a day at least where there are twenty.
    """
    span = int(times[-1] - times[0]) + 1
    lengths = [HOUR, DAY, WEEK, 4 * WEEK]
    if span >= 20 * DAY:
        lengths.remove(HOUR)
    for length in lengths:
        windows = len(np.unique(times // length))
        if windows <= 1024 and len(times) >= 4 * windows:
            return length
    return 4 * WEEK
