"""The one clock: every time in the system is aware and UTC."""

import datetime as dt

_shift = dt.timedelta()


def now() -> dt.datetime:
    """Return the present time, aware, in UTC."""
    return dt.datetime.now(tz=dt.UTC) + _shift


def clock_shift(by: dt.timedelta) -> None:
    """Move this process's present: for the demonstration, which lives through months in minutes.

    Parameters
    ----------
    by : timedelta
        From the real time, whatever it was moved by before; zero: back to it.
    """
    global _shift
    _shift = by


def seconds_since(moment: dt.datetime | None) -> float | None:
    """Return the seconds from `moment` to now, or None where there is no moment."""
    return None if moment is None else (now() - moment).total_seconds()


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


def ms_of(moment: dt.datetime) -> int:
    """Return the full milliseconds from 1970-01-01 UTC to an aware time.

    Examples
    --------
    >>> ms_of(dt.datetime(1970, 1, 1, 1, tzinfo=dt.UTC))
    3600000
    """
    return (moment - EPOCH) // _MILLISECOND


def moment_of(milliseconds: int) -> dt.datetime:
    """Return the time that so many milliseconds after 1970-01-01 UTC is.

    Examples
    --------
    >>> moment_of(3_600_000).isoformat()
    '1970-01-01T01:00:00+00:00'
    """
    return EPOCH + milliseconds * _MILLISECOND
