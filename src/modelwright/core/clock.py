"""The one clock: every time in the system is aware and UTC."""

import datetime as dt


def now() -> dt.datetime:
    """Return the present time, aware, in UTC."""
    return dt.datetime.now(tz=dt.UTC)


def seconds_since(moment: dt.datetime | None) -> float | None:
    """Return the seconds from `moment` to now, or None where there is no moment."""
    return None if moment is None else (now() - moment).total_seconds()
