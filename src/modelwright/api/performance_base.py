"""What the views of contract B share: parameters from query and body alike, and its errors."""

from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.api.detail_view import DetailView
from modelwright.api.identifiers import uuid_or_400
from modelwright.catalog.machines import machine_get
from modelwright.catalog.models import Machine
from modelwright.core.errors import InvalidInputError

UNPROCESSABLE = 422
S = TypeVar("S", bound=serializers.Serializer[Any])


class BadIdError(ParseError):
    """An id in the address is no UUID."""

    status_code = UNPROCESSABLE


class PerformanceView(DetailView):
    """Values that can't be meant are 422."""

    def handle_exception(self, exc: Exception) -> Response:
        """Give errors of fields the contract's status."""
        answer = super().handle_exception(exc)
        if isinstance(exc, ValidationError | InvalidInputError | BadIdError):
            answer.status_code = UNPROCESSABLE
        return answer


def parameters(request: Request, serializer: type[S]) -> S:
    """Return the checked parameters of a request: of the query string and of a JSON body alike.

    Where both name one, the body's holds.

    Raises
    ------
    ValidationError
        One of them is wrong, or the body is no JSON object.
    """
    body = request.data or {}
    if not isinstance(body, dict):
        raise ValidationError("The body must be a JSON object.")
    checked = serializer(data={**request.query_params.dict(), **body})
    checked.is_valid(raise_exception=True)
    return checked


def id_of(text: str, what: str = "id") -> Any:
    """Return the UUID that a part of the address spells.

    Raises
    ------
    BadIdError
        It is none: answered 422.
    """
    try:
        return uuid_or_400(text, what)
    except ParseError as error:
        raise BadIdError(error.detail) from error


def machine_of(text: str) -> Machine:
    """Return the machine of an address. Raises as `id_of` and `machine_get`."""
    return machine_get(id_of(text, "machine_id"))
