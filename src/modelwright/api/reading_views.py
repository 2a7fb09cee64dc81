"""Contract B: a machine's readings, in and out, and what is wrong with them."""

from dataclasses import asdict
from typing import ClassVar

import numpy as np
from django.conf import settings
from drf_spectacular.utils import extend_schema_view
from rest_framework import status
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from modelwright.accounts.roles import Action
from modelwright.api import machine_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.machine_serializers import (
    IngestedSerializer,
    IngestQuerySerializer,
    PeriodQuerySerializer,
    QualitySerializer,
    ReadingsQuerySerializer,
)
from modelwright.api.performance_base import PerformanceView, machine_of
from modelwright.api.reading_rows import SECOND_MS, readings_as_rows, timestamps
from modelwright.api.throttling import ReadingsThrottle
from modelwright.catalog.errors import ReadingsRefusedError
from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_parse import (
    Feed,
    feed_csv,
    feed_json_lines,
    feed_json_list,
    rows_of,
)
from modelwright.catalog.ingest_rows import Rows
from modelwright.catalog.models import Machine
from modelwright.catalog.period import period_of
from modelwright.catalog.quality import quality_of
from modelwright.catalog.readings_draw import readings_page
from modelwright.core.errors import InvalidInputError
from modelwright.engine.machines.downsample import Downsampled

FEEDS: dict[str, Feed] = {
    "application/x-ndjson": feed_json_lines,
    "application/ndjson": feed_json_lines,
    "application/jsonl": feed_json_lines,
    "text/csv": feed_csv,
    "application/json": feed_json_list,
}


@extend_schema_view(get=docs.READINGS, post=docs.INGEST)
class ReadingsView(PerformanceView):
    """A machine's readings."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "POST": Action.RUNS_TRAIN}
    throttle_classes = (ReadingsThrottle,)

    def get(self, request: Request, machine_id: str) -> Response:
        """Return those of a period."""
        machine = machine_of(machine_id)
        query = ReadingsQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        period = period_of(machine, asked["start"], asked["end"])
        channels = _channels_of(machine, asked["channels"])
        page = readings_page(
            machine,
            channels=channels,
            limit=asked["limit"],
            start=period.start,
            end=period.end,
            resolution=asked["resolution"],
        )
        width = page.rows.width_ms if isinstance(page.rows, Downsampled) else 0
        return Response(
            {
                "machine_id": str(machine.pk),
                "resolution": asked["resolution"],
                "width_seconds": width / SECOND_MS,
                "channels": channels,
                "count": page.count,
                "next": _next(request, page.next_start),
                "previous": None,
                "results": readings_as_rows(page.rows, channels),
            }
        )

    def post(self, request: Request, machine_id: str) -> Response:
        """Store a batch."""
        machine = machine_of(machine_id)
        query = IngestQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        done = readings_store(
            machine=machine,
            rows=_rows_sent(request),
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


def _channels_of(machine: Machine, text: str) -> list[str]:
    """Return the channels that are asked for, all where none is named.

    Raises
    ------
    InvalidInputError
        There is no such channel.
    """
    wanted = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in wanted if name not in machine.channels]
    if unknown:
        known = ", ".join(machine.channels[:30]) or "no readings yet"
        raise InvalidInputError(
            {"channels": [f"There is no channel {unknown[0][:64]!r}: there are {known}."]}
        )
    return wanted or list(machine.channels)


def _next(request: Request, start: int | None) -> str | None:
    if start is None:
        return None
    text = timestamps(np.array([start]))[0]
    return replace_query_param(request.build_absolute_uri(), "start", text)


@extend_schema_view(get=docs.QUALITY)
class DataQualityView(PerformanceView):
    """What is wrong with a machine's readings."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, machine_id: str) -> Response:
        """Return the findings of a period."""
        machine = machine_of(machine_id)
        query = PeriodQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        period = period_of(machine, **query.validated_data)
        return Response(QualitySerializer(quality_of(machine, period)).data)


def _rows_sent(request: Request) -> Rows:
    """Read the body as it comes, past the parsers, which would take one without a length for none.

    Raises
    ------
    UnsupportedMediaType
        It is in none of the formats.
    """
    kind = request.content_type.partition(";")[0].strip().lower()
    feed = FEEDS.get(kind)
    if feed is None:
        raise UnsupportedMediaType(
            request.content_type,
            f"Send readings as {', '.join(FEEDS)}, not as {kind[:100]!r}.",
        )
    return rows_of(
        feed,
        request._request,
        max_rows=settings.READINGS_MAX_ROWS,
        max_bytes=settings.READINGS_MAX_BYTES,
    )
