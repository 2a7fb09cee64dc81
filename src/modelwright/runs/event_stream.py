"""What happens to a job, as Server-Sent Events that can be gone on with where they broke off."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection, models

from modelwright.runs.models import JobEvent
from modelwright.runs.selectors import job_events
from modelwright.runs.states import ENDED, Status

LOOK_SECONDS = 0.3
HEARTBEAT_SECONDS = 15.0
MAX_SECONDS = 600.0  # then the reader comes again, and is asked again who it is
RETRY_MS = 2000
BATCH = 500


def last_event_id(resumed: str, asked: str) -> int:
    """Return the event to go on after: of the header `Last-Event-ID`, else of the query, else 0."""
    text = resumed or asked
    return int(text) if text.isdecimal() and len(text) < 19 else 0


async def event_stream(
    model: type[models.Model], job_id: UUID, *, after: int
) -> AsyncIterator[str]:
    """Yield the frames of a job's events after the one with id `after`, until its end.

    Parameters
    ----------
    model : type of Model
        Anything that has a status and events.
    job_id : UUID
    after : int
    """
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


def _look(model: type[models.Model], job_id: UUID, after: int) -> tuple[str, list[JobEvent]]:
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
