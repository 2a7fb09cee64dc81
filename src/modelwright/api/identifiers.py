"""UUIDs in addresses and bodies: one spelling, and 400 for what is none."""

import re
from typing import Any
from uuid import UUID

from rest_framework.exceptions import ParseError

from modelwright.api.training_serializers import PlainTextField

_CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def uuid_or_400(text: str, what: str = "id") -> UUID:
    """Return the UUID that a part of the address spells.

    Raises
    ------
    ParseError
        It is none: answered 400.
    """
    if not _CANONICAL.fullmatch(text):
        raise ParseError(f"{what} is not a valid UUID: {text[:60]!r}.")
    return UUID(text)


class IdField(PlainTextField):
    """A UUID in a body or a query."""

    default_error_messages = {"not_a_uuid": "Not a valid UUID."}

    def to_internal_value(self, data: Any) -> Any:
        """Return the UUID."""
        text = super().to_internal_value(data)
        if not _CANONICAL.fullmatch(text):
            self.fail("not_a_uuid")
        return UUID(text)
