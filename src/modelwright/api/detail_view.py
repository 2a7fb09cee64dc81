"""What the views of contract C share: every error is `{"detail": …}`, in words."""

from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from modelwright.api.base import ApiView
from modelwright.catalog.errors import StillUsedError

GENERAL = "non_field_errors"


class DetailView(ApiView):
    """Errors of fields as one text, and by field beside it."""

    def handle_exception(self, exc: Exception) -> Response:
        """Translate errors of fields; the others go the common way."""
        if isinstance(exc, ValidationError):
            details = _by_field(exc.detail)
            answer = Response(
                {"detail": _in_words(details), "code": "invalid_input", "details": details},
                status=400,
            )
            answer.exception = True
            return answer
        answer = super().handle_exception(exc)
        if isinstance(exc, StillUsedError):
            answer.data["uses"] = exc.data["uses"]
        return answer


def _by_field(detail: Any) -> dict[str, list[str]]:
    fields = detail if isinstance(detail, dict) else {GENERAL: detail}
    return {str(name): list(_messages(value)) for name, value in fields.items()}


def _messages(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _messages(inner, f"{path}{key}: ")
    elif isinstance(value, list):
        for inner in value:
            yield from _messages(inner, path)
    else:
        yield f"{path}{value}"


def _in_words(details: dict[str, list[str]]) -> str:
    return " ".join(
        message if name == GENERAL else f"{name}: {message}"
        for name, messages in details.items()
        for message in messages
    )
