"""Times in bodies and queries."""

import datetime as dt
from typing import Any

from rest_framework import serializers

EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)


class MomentField(serializers.DateTimeField):
    """A time that a zone, a day or a month may be added to without leaving the calendar."""

    default_error_messages = {
        "far": f"A time between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}, please."
    }

    def to_internal_value(self, value: Any) -> Any:
        """Return the time."""
        moment = super().to_internal_value(value)
        if not EARLIEST <= moment <= LATEST:
            self.fail("far")
        return moment


class ZonedMomentField(MomentField):
    """A time with its zone."""

    default_error_messages = {"zone": "A time needs its zone, such as 2026-01-31T08:00:00Z."}

    def to_internal_value(self, value: Any) -> Any:
        """Return the time."""
        if not isinstance(value, str):
            self.fail("invalid", format="ISO 8601")
        if not (value.endswith(("Z", "z")) or "+" in value[10:] or "-" in value[10:]):
            self.fail("zone")
        return super().to_internal_value(value)
