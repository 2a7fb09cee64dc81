"""When a schedule is due: five fields of cron, reckoned in a time zone.

Around changes of daylight-saving time as Debian's cron: a job with a fixed hour runs once in the
night in which its hour is there twice or not at all (then at the first moment after the gap); one
that runs every hour or more often runs every hour that passes.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

FIELDS = 5
MAX_CHARS = 100
# An hour that is there twice is reckoned as its first; looking back begins so long after the moment
# that no first one is missed.
LONGEST_CHANGE = dt.timedelta(hours=4)
_ANY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


class CronError(ValueError):
    """The expression or the time zone can't be meant; the message says what to write."""


@dataclass(frozen=True)
class Cron:
    """Times that come again.

    Parameters
    ----------
    expression : str
        Minute, hour, day of the month, month, day of the week (0 and 7 are Sunday).
    timezone : str
        IANA name, in which they are reckoned.

    Examples
    --------
    >>> sundays = Cron("0 2 * * 0", "Europe/Berlin")
    >>> sundays.next_after(dt.datetime(2026, 10, 21, tzinfo=dt.UTC)).isoformat()
    '2026-10-25T00:00:00+00:00'
    """

    expression: str
    timezone: str

    def check(self) -> None:
        """Raise CronError where the times can't be meant, or never come."""
        zone_of(self.timezone)
        if len(self.expression) > MAX_CHARS or len(self.expression.split()) != FIELDS:
            raise CronError(
                "Give five fields: minute, hour, day of the month, month, day of the week,"
                " like '0 2 * * 0' for Sundays at 02:00."
            )
        try:
            if next(self._times(_ANY), None) is None:
                raise CronError(f"{self.expression!r} never comes.")
        except CronSimError as error:
            raise CronError(f"{error}: write it like '30 0 * * *' for 00:30 every day.") from error

    def next_after(self, moment: dt.datetime) -> dt.datetime | None:
        """Return the first time after `moment`, in UTC; None where there is none."""
        return next((due for due in self._times(moment) if due > moment), None)

    def last_until(self, moment: dt.datetime) -> dt.datetime | None:
        """Return the last time that is not after `moment`, in UTC; None where there is none."""
        minute, hour, *_ = self.expression.split()
        fixed = not minute.startswith("*") and not hour.startswith("*")
        begin = moment + LONGEST_CHANGE if fixed else moment + dt.timedelta(seconds=1)
        return next((due for due in self._times(begin, back=True) if due <= moment), None)

    def words(self) -> str:
        """Return the times as people read them.

        Examples
        --------
        >>> Cron("0 2 * * 0", "UTC").words()
        'At 02:00 on Sunday (UTC)'
        """
        return f"{CronSim(self.expression, _ANY).explain()} ({self.timezone})"

    def _times(self, begin: dt.datetime, *, back: bool = False) -> Iterator[dt.datetime]:
        start = begin.astimezone(zone_of(self.timezone))
        for due in CronSim(self.expression, start, reverse=back):
            yield due.astimezone(dt.UTC)


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of that name.

    Raises
    ------
    CronError
        There is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CronError(
            f"Time zone {name[:60]!r} is unknown: give one like 'Europe/Berlin'."
        ) from error
