"""The live progress of one run, by Server-Sent Events."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.runs.models import JobEvent, TrainingRun
from modelwright.runs.selectors import job_events
from modelwright.runs.states import ENDED, Status
from modelwright.tuning.models import TuningRun
from modelwright.web.requests import run_or_404

LOOK_SECONDS = 0.3
HEARTBEAT_SECONDS = 15.0
MAX_SECONDS = 600.0  # then the browser comes again, and is asked again who it is
RETRY_MS = 2000
BATCH = 500
Streamed = TrainingRun | TuningRun


@needs(Action.RUNS_VIEW)
@require_GET
async def run_events(request: HttpRequest, number: int) -> HttpResponseBase:
    """Send what happens to a run from `Last-Event-ID` (or `?after=`) on, until its end."""
    run = await sync_to_async(run_or_404)(number)
    return await events_response(request, run)


async def events_response(request: HttpRequest, job: Streamed) -> HttpResponseBase:
    """Send what happens to anything that has a status and events."""
    resumed = request.headers.get("Last-Event-ID", "")
    after = _number(resumed or request.GET.get("after", ""))
    if (
        resumed
        and job.is_ended
        and not await sync_to_async(job_events)(job.pk, after=after, limit=1)
    ):
        return HttpResponse(status=204)  # tells EventSource not to come again
    response = StreamingHttpResponse(
        _stream(type(job), job.pk, after), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


async def _stream(model: type[Streamed], job_id: UUID, after: int) -> AsyncIterator[str]:
    begun = spoken = time.monotonic()
    yield f"retry: {RETRY_MS}\n\n"
    while time.monotonic() - begun < MAX_SECONDS:
        status, events = await sync_to_async(_look)(model, job_id, after)
        for event in events:
            after = event.pk
            yield event_frame(event)
        if events:
            spoken = time.monotonic()
        if len(events) == BATCH:
            continue
        if status in ENDED:
            yield f"event: end\ndata: {json.dumps({'status': status})}\n\n"
            return
        if time.monotonic() - spoken > HEARTBEAT_SECONDS:
            spoken = time.monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(LOOK_SECONDS)


def _look(model: type[Streamed], job_id: UUID, after: int) -> tuple[str, list[JobEvent]]:
    """Read the status, then the events: the last event is written with the last status.

    A row that was deleted meanwhile has come to its end.

    The connection goes back after every look, so that many readers don't use up the pool.
    """
    try:
        rows = model._default_manager.filter(pk=job_id)
        status = rows.values_list("status", flat=True).first() or Status.CANCELLED
        return status, job_events(job_id, after=after, limit=BATCH)
    finally:
        if not connection.in_atomic_block:
            connection.close()


def event_frame(event: JobEvent) -> str:
    """Write one event as it goes over the line."""
    data = json.dumps({**event.data, "at": event.at.isoformat(), "attempt": event.attempt})
    return f"id: {event.pk}\nevent: {event.kind}\ndata: {data}\n\n"
