"""Every error as JSON: ours with its own status, what nobody foresaw as 500 without internals."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler
from rest_framework.views import set_rollback

from modelwright.core.context import current_origin
from modelwright.core.errors import InvalidInputError, ModelwrightError

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2


class InvalidOperationError(ModelwrightError):
    """The request makes no sense in this situation."""

    code = "invalid_operation"


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to an error (REST_FRAMEWORK["EXCEPTION_HANDLER"])."""
    if isinstance(error, ModelwrightError):
        set_rollback()
        return _ours(error)
    answer = drf_exception_handler(error, dict(context))
    if answer is not None:
        return answer
    set_rollback()
    if isinstance(error, RequestDataTooBig):
        return Response({"detail": "The body is too large."}, status=413)
    if isinstance(error, SuspiciousOperation):
        return Response({"detail": "The request is malformed."}, status=400)
    request_id = current_origin().request_id
    log.error("Request %s failed", request_id, exc_info=error)
    if isinstance(error, (OperationalError, InterfaceError)):
        return Response(
            {"detail": "The database can't be reached or is busy: try again in a moment."},
            status=503,
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )
    return Response(
        {"detail": f"Something went wrong on the server; its log has it under {request_id}."},
        status=500,
    )


def _ours(error: ModelwrightError) -> Response:
    body: dict[str, Any] = {"detail": error.message, "code": error.code}
    if isinstance(error, InvalidInputError):
        body["details"] = error.details
    headers = {}
    if (wait := error.data.get("retry_after")) is not None:
        headers["Retry-After"] = str(wait)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Token"
    return Response(body, status=error.status, headers=headers)
