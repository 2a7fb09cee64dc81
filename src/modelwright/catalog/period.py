"""Periods as people write them."""

import datetime as dt
import re
from dataclasses import dataclass

from modelwright.catalog.models import Machine
from modelwright.core.clock import ms_of
from modelwright.core.errors import InvalidInputError
from modelwright.engine.machines.local_time import zone

_LOST_PLUS = re.compile(r" (\d{2}:?\d{2})$")
_DATE_CHARS = 10


@dataclass(frozen=True)
class Period:
    """From `start` (included) to `end` (excluded), in milliseconds UTC; None is without end."""

    start: int | None = None
    end: int | None = None


def period_of(machine: Machine, start: str = "", end: str = "") -> Period:
    """Return the period that two texts mean; an empty one leaves that side open.

    Raises
    ------
    InvalidInputError
        One of them is no time, or they are the wrong way round.
    """
    found: dict[str, int | None] = {}
    details: dict[str, list[str]] = {}
    for name, text in (("start", start.strip()), ("end", end.strip())):
        try:
            found[name] = moment_meant(text, machine.timezone, last=name == "end") if text else None
        except ValueError as error:
            details[name] = [str(error)]
    if details:
        raise InvalidInputError(details)
    period = Period(**found)
    if period.start is not None and period.end is not None and period.start >= period.end:
        raise InvalidInputError({"end": ["The end must be after the start."]})
    return period


def moment_meant(text: str, timezone: str, *, last: bool = False) -> int:
    """Return the moment that a text means, in milliseconds UTC.

    Parameters
    ----------
    text : str
        ISO 8601. Without a zone it is the machine's own time. A plus that became a space on its
        way through an address is taken for a plus.
    timezone : str
        The machine's, IANA name.
    last : bool
        Whether a date alone means the end of that day, not its beginning.

    Raises
    ------
    ValueError
        It is no time that can be meant; the message says what is.

    Examples
    --------
    >>> moment_meant("1970-01-02", "UTC") == moment_meant("1970-01-02T01:00:00 01:00", "UTC")
    True
    """
    try:
        moment = dt.datetime.fromisoformat(_LOST_PLUS.sub(r"+\1", text))
        if last and len(text) <= _DATE_CHARS:
            moment += dt.timedelta(days=1)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone(timezone))
        return ms_of(moment)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{text[:40]!r} is not a time: write it like 2026-03-01 or 2026-03-01T14:00:00Z."
        ) from error
