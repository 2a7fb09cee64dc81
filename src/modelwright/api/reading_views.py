"""Contract B: a machine's readings, in and out."""

from collections.abc import Callable
from dataclasses import asdict
from typing import ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema_view
from rest_framework import status
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import machine_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.machine_serializers import IngestedSerializer, IngestQuerySerializer
from modelwright.api.performance_base import PerformanceView, machine_of
from modelwright.api.throttling import ReadingsThrottle
from modelwright.catalog.errors import ReadingsRefusedError
from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_parse import (
    rows_of_csv,
    rows_of_json_lines,
    rows_of_json_list,
)
from modelwright.catalog.ingest_rows import Rows

READERS: dict[str, Callable[..., Rows]] = {
    "application/x-ndjson": rows_of_json_lines,
    "application/ndjson": rows_of_json_lines,
    "application/jsonl": rows_of_json_lines,
    "text/csv": rows_of_csv,
    "application/json": rows_of_json_list,
}


@extend_schema_view(post=docs.INGEST)
class ReadingsView(PerformanceView):
    """A machine's readings."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}
    throttle_classes = (ReadingsThrottle,)

    def post(self, request: Request, machine_id: str) -> Response:
        """Store a batch."""
        machine = machine_of(machine_id)
        query = IngestQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        done = readings_store(
            machine=machine,
            rows=_rows_of(request),
            user=actor_of(request),
            on_error=query.validated_data["on_error"],
        )
        return Response(IngestedSerializer(done).data, status=status.HTTP_201_CREATED)

    def handle_exception(self, exc: Exception) -> Response:
        """Say of a refused batch which rows are wrong, too."""
        answer = super().handle_exception(exc)
        if isinstance(exc, ReadingsRefusedError):
            answer.data |= {
                "accepted": 0,
                "updated": 0,
                "rejected": exc.data.get("rejected", 0),
                "errors": [asdict(error) for error in exc.data.get("errors", ())],
            }
        return answer


def _rows_of(request: Request) -> Rows:
    """Read the body as it comes, past the parsers, which would take one without a length for none.

    Raises
    ------
    UnsupportedMediaType
        It is in none of the formats.
    """
    kind = request.content_type.partition(";")[0].strip().lower()
    reader = READERS.get(kind)
    if reader is None:
        raise UnsupportedMediaType(
            request.content_type,
            f"Send readings as {', '.join(READERS)}, not as {kind[:100]!r}.",
        )
    return reader(
        request._request,
        max_rows=settings.READINGS_MAX_ROWS,
        max_bytes=settings.READINGS_MAX_BYTES,
    )
