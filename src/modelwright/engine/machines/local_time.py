"""The machine's own clock: hours of its days, days of its weeks, daylight saving included."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.series import HOUR_MS, Times

DAY_MS = 24 * HOUR_MS
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0


def zone(timezone: str) -> ZoneInfo:
    """Return the time zone of that IANA name.

    Raises
    ------
    DataLoadError
        There is no such zone.
    """
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: half a name
        raise DataLoadError(
            f"There is no time zone {timezone!r}: give a name such as Europe/Berlin or UTC."
        ) from error


def clock_changes(start: int, end: int, timezone: str) -> tuple[Times, Times]:
    """Return when the distance to UTC changes, and to what.

    Parameters
    ----------
    start, end : int
        Milliseconds UTC, both included.
    timezone : str
        IANA name.

    Returns
    -------
    moments : ndarray of int64, shape (k,)
        The first is `start` itself; then the first millisecond of each new distance.
    offsets : ndarray of int64, shape (k,)
        Milliseconds that local time is ahead of UTC from each moment on.

    Examples
    --------
    >>> moments, offsets = clock_changes(0, 200 * DAY_MS, "Europe/London")
    >>> offsets // HOUR_MS  # London was an hour ahead all through 1970
    array([1])
    """
    here = zone(timezone)
    moments, offsets = [start], [_offset(start, here)]
    # Two changes within a day cancel out unseen; no zone has had that since readings exist.
    for day in range(start, end + DAY_MS, DAY_MS):
        later = min(day + DAY_MS, end)
        if _offset(later, here) != offsets[-1]:
            moments.append(_first_change(day, later, here))
            offsets.append(_offset(later, here))
    return np.array(moments, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _offset(time: int, here: ZoneInfo) -> int:
    delta = datetime.fromtimestamp(time // 1000, UTC).astimezone(here).utcoffset()
    return 0 if delta is None else round(delta.total_seconds() * 1000)


def _first_change(low: int, high: int, here: ZoneInfo) -> int:
    """Bisect to the second: the offset at `low` differs from that at `high`."""
    before, low, high = _offset(low, here), low // 1000, high // 1000
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle * 1000, here) == before:
            low = middle
        else:
            high = middle
    return high * 1000


def local(times: Times, timezone: str) -> Times:
    """Return what the machine's clock shows, as milliseconds since its own 1970-01-01 00:00.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Milliseconds UTC, in any order.
    timezone : str
        IANA name.

    Examples
    --------
    >>> summer = np.array([1_751_328_000_000])  # 2025-07-01 00:00 UTC
    >>> (local(summer, "Europe/Berlin") - summer) // HOUR_MS
    array([2])
    """
    if not times.size or timezone == "UTC":
        return times
    moments, offsets = clock_changes(int(times.min()), int(times.max()), timezone)
    found: Times = times + offsets[np.searchsorted(moments, times, side="right") - 1]
    return found


def hour_of_week(local_times: Times) -> Times:
    """Return the hour of the week, 0 (Monday 00:00) … 167, of local times."""
    hours = local_times // HOUR_MS
    found: Times = (hours + EPOCH_WEEKDAY * 24) % 168
    return found


def utc(local_time: int, timezone: str) -> int:
    """Return the moment at which the machine's clock first shows `local_time`.

    An hour that a change of the clock leaves out begins where the clock jumps.

    Examples
    --------
    >>> utc(20_270 * DAY_MS, "Europe/Berlin") - 20_270 * DAY_MS  # 2025-07-02 00:00
    -7200000
    """
    moments, offsets = clock_changes(local_time - DAY_MS, local_time + DAY_MS, timezone)
    begins = np.maximum(local_time - offsets, moments)
    ends = np.append(moments[1:], begins[-1] + 1)  # the last distance holds on
    return int(begins[begins < ends][0])
