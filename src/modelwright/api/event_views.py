"""`/api/v1/events/`: what happens, as a list for those who poll or as a stream."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.models import Severity, User
from modelwright.accounts.notifications.outbox import EVENTS
from modelwright.accounts.roles import Action
from modelwright.api.base import actor_of
from modelwright.api.job_views import EventStreamRenderer
from modelwright.api.performance_base import PerformanceView
from modelwright.api.training_docs import COMMON, problem
from modelwright.api.training_serializers import ClosedSerializer, PlainTextField
from modelwright.catalog.event_feed import events_for
from modelwright.runs.event_stream import HEARTBEAT_SECONDS, MAX_SECONDS, RETRY_MS, last_event_id

LOOK_SECONDS = 1.0
BATCH = 200
MAX_STREAMS = 4
_open: Counter[int] = Counter()


class EventQuerySerializer(ClosedSerializer):
    """Which events."""

    after = serializers.IntegerField(default=0, min_value=0, help_text="Only those after this id.")
    limit = serializers.IntegerField(default=100, min_value=1, max_value=BATCH)
    event = serializers.MultipleChoiceField(choices=EVENTS, default=set)
    min_severity = serializers.ChoiceField(choices=Severity.values, default=Severity.INFO.value)
    subject = PlainTextField(default="", allow_blank=True, max_length=120)


class FeedEventSerializer(serializers.Serializer[Any]):
    """One event."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    event = serializers.ChoiceField(choices=EVENTS)
    severity = serializers.ChoiceField(choices=Severity.values)
    incident = serializers.CharField()
    state = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    link = serializers.CharField()
    subject = serializers.CharField(help_text="Slug of the model; empty: none.")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; `data` is a word of the framework's own, so it stands here."""
        return {**super().get_fields(), "data": serializers.DictField()}


class FeedSerializer(serializers.Serializer[Any]):
    """Events, and where to go on."""

    events = FeedEventSerializer(many=True)
    last_id = serializers.IntegerField(help_text="The `after` of the next question.")


@extend_schema_view(
    get=extend_schema(
        operation_id="events_list",
        tags=["Notifications"],
        summary="What happens: a list, or with `Accept: text/event-stream` a stream",
        description="The stream goes on after `Last-Event-ID`. Events are kept for 30 days; those"
        " about somebody else's experiment are left out.",
        parameters=[
            EventQuerySerializer,
            OpenApiParameter("Last-Event-ID", int, OpenApiParameter.HEADER),
        ],
        responses={
            200: FeedSerializer,
            422: problem("A value is wrong", "limit: Ensure this value is at most 200."),
            **COMMON,
        },
    )
)
class EventFeedView(PerformanceView):
    """The event stream."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    renderer_classes = (JSONRenderer, EventStreamRenderer)

    def get(self, request: Request) -> HttpResponseBase:
        """Tell it from `Last-Event-ID` or `?after=` on."""
        user = actor_of(request)
        query = EventQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = dict(query.validated_data)
        limit = asked.pop("limit")
        wanted = {
            "kinds": frozenset(asked["event"]),
            "min_severity": asked["min_severity"],
            "subject": asked["subject"],
        }
        if isinstance(request.accepted_renderer, EventStreamRenderer):
            resumed = request.headers.get("Last-Event-ID", "")
            return _stream(user, last_event_id(resumed, str(asked["after"])), wanted)
        events = list(events_for(user, after=asked["after"], **wanted)[:limit])
        return Response(
            {
                "events": FeedEventSerializer(events, many=True).data,
                "last_id": events[-1].pk if events else asked["after"],
            }
        )


def _stream(user: User, after: int, wanted: dict[str, Any]) -> HttpResponseBase:
    if _open[user.pk] >= MAX_STREAMS:
        raise Throttled(detail=f"You have {MAX_STREAMS} event streams open: close one.")
    response = StreamingHttpResponse(
        feed_frames(user.pk, after, wanted), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


async def feed_frames(user_id: int, after: int, wanted: dict[str, Any]) -> AsyncIterator[str]:
    """Yield the frames of a stream, for ten minutes at most: then the reader comes again.

    Who reads is looked up anew each time: an account that was closed gets nothing more.
    """
    begun = spoken = time.monotonic()
    _open[user_id] += 1
    try:
        yield f"retry: {RETRY_MS}\n\n"
        while time.monotonic() - begun < MAX_SECONDS:
            events = await sync_to_async(_look)(user_id, after, wanted)
            if events is None:
                return
            for event in events:
                after = event["id"]
                yield f"id: {after}\nevent: {event['event']}\ndata: {json.dumps(event)}\n\n"
            if events:
                spoken = time.monotonic()
            if len(events) == BATCH:
                continue
            if time.monotonic() - spoken > HEARTBEAT_SECONDS:
                spoken = time.monotonic()
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        _open[user_id] -= 1
        if not _open[user_id]:
            del _open[user_id]


def _look(user_id: int, after: int, wanted: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the next events; None: the reader's account is closed.

    The connection goes back after every look, so that many readers don't use up the pool.
    """
    try:
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None:
            return None
        found = events_for(user, after=after, **wanted)[:BATCH]
        return [dict(row) for row in FeedEventSerializer(found, many=True).data]
    finally:
        if not connection.in_atomic_block:
            connection.close()
