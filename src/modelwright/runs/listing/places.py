"""A place in a list that stays where it is, whatever is written before and behind it."""

import base64
import datetime as dt
import json
from dataclasses import dataclass, replace
from typing import Any

from django.utils.dateparse import parse_datetime

from modelwright.runs.listing.orders import Sortable

LONGEST = 2000
_LARGEST = 2**63


class BadPlaceError(ValueError):
    """A place that no list has given out."""


@dataclass(frozen=True)
class Place:
    """Beside which row of a list one goes on.

    Attributes
    ----------
    value : object
        What the row is sorted by; None: it has none.
    number : int
        The row.
    before : bool
        Whether what is wanted comes before it, not behind.
    """

    value: Any
    number: int
    before: bool = False

    @property
    def turned(self) -> "Place":
        """Return the same place, to go from it the other way."""
        return replace(self, before=not self.before)

    def __str__(self) -> str:
        value = self.value.isoformat() if isinstance(self.value, dt.datetime) else self.value
        text = json.dumps([int(self.before), self.number, value], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, sortable: Sortable) -> "Place":
        """Read what `str` has written.

        Raises
        ------
        BadPlaceError
            It is of no list in this order.
        """
        try:
            padded = text[:LONGEST] + "=" * (-len(text[:LONGEST]) % 4)
            before, number, value = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
            if sortable.kind is dt.datetime and isinstance(value, str):
                value = parse_datetime(value)
        except (ValueError, TypeError, RecursionError) as error:
            raise BadPlaceError from error
        if type(number) is not int or not 0 <= number < _LARGEST or before not in (0, 1):
            raise BadPlaceError
        if not _fits(value, sortable):
            raise BadPlaceError
        return cls(value, number, bool(before))


def _fits(value: Any, sortable: Sortable) -> bool:
    if value is None:
        return sortable.has_gaps
    if sortable.kind is float and type(value) is int:
        return abs(value) < _LARGEST
    if type(value) is not sortable.kind:
        return False
    if isinstance(value, dt.datetime):
        return value.tzinfo is not None
    if isinstance(value, str):
        return "\0" not in value and value.encode("utf-8", "ignore").decode() == value
    return isinstance(value, int | float) and -_LARGEST < value < _LARGEST  # NaN is not
