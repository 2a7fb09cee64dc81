"""Which part of a machine's readings a page shows: it stands in the address."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from modelwright.catalog.models import Machine
from modelwright.catalog.period import Period, period_of
from modelwright.core.clock import moment_of, ms_of
from modelwright.core.errors import InvalidInputError
from modelwright.engine.machines.local_time import DAY_MS, zone

CHOICES = {"1d": (1, "1 day"), "7d": (7, "7 days"), "30d": (30, "30 days"), "90d": (90, "90 days")}
CHOICES |= {"1y": (365, "1 year")}
ALL = "all"
USUAL = "30d"


@dataclass(frozen=True)
class Choice:
    """One of the ranges to choose from."""

    title: str
    query: str
    chosen: bool


@dataclass(frozen=True)
class Range:
    """A part of a machine's readings.

    Parameters
    ----------
    machine : Machine
    name : str
        One of `CHOICES`, ``all``, or empty: from `start` to `end`.
    start, end : str
        As they stand in the address.
    """

    machine: Machine
    name: str
    start: str = ""
    end: str = ""

    @classmethod
    def read(cls, machine: Machine, query: Mapping[str, str]) -> "Range":
        """Read it from an address; what can't be meant is the usual range."""
        name, start, end = (query.get(key, "")[:40].strip() for key in ("range", "start", "end"))
        if name in CHOICES or name == ALL:
            return cls(machine, name)
        try:
            period_of(machine, start, end)
        except InvalidInputError:
            return cls(machine, USUAL)
        return cls(machine, "" if start or end else USUAL, start, end)

    @property
    def period(self) -> Period:
        """Return its ends; those of a number of days end with the last reading."""
        if self.name == ALL or (self.name and self.machine.last_reading_at is None):
            return Period()
        if not self.name:
            return period_of(self.machine, self.start, self.end)
        assert self.machine.last_reading_at is not None  # noqa: S101  (seen above)
        last = ms_of(self.machine.last_reading_at)
        return Period(last - CHOICES[self.name][0] * DAY_MS + 1, last + 1)

    @property
    def query(self) -> str:
        """Return it as the query of an address, without its question mark."""
        named = {"range": self.name} if self.name else {"start": self.start, "end": self.end}
        return urlencode({key: value for key, value in named.items() if value})

    @property
    def choices(self) -> list[Choice]:
        """Return the ranges to choose from."""
        titles = {name: title for name, (_, title) in CHOICES.items()} | {ALL: "All"}
        return [
            Choice(title, urlencode({"range": name}), name == self.name)
            for name, title in titles.items()
        ]

    @property
    def dates(self) -> tuple[str, str]:
        """Return the first and last day, as the machine's calendar has them; empty: not known."""
        period = self.period
        start = ms_of(self.machine.first_reading_at) if self.machine.first_reading_at else None
        end = ms_of(self.machine.last_reading_at) if self.machine.last_reading_at else None
        return (
            self._day(start if period.start is None else period.start),
            self._day(end if period.end is None else period.end - 1),
        )

    def _day(self, moment: int | None) -> str:
        if moment is None:
            return ""
        here = zone(self.machine.timezone)
        return dt.datetime.fromtimestamp(moment / 1000, here).date().isoformat()


def around(start: int, end: int) -> dict[str, str]:
    """Return the query of an address that shows a period, milliseconds UTC."""
    return {
        "start": f"{moment_of(start):%Y-%m-%dT%H:%MZ}",
        "end": f"{moment_of(end):%Y-%m-%dT%H:%MZ}",
    }
