"""Reading runs, their events and the workers."""

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from modelwright.core.clock import now
from modelwright.runs.errors import RunNotFoundError
from modelwright.runs.models import JobEvent, TrainingRun, Worker

WORKER_SEEN_WITHIN_SECONDS = 20.0


def training_runs() -> QuerySet[TrainingRun]:
    """Return all runs, newest first, with their users."""
    return TrainingRun.objects.select_related("user").order_by("-number")


def training_run_get(number: int) -> TrainingRun:
    """Return the run with this number.

    Raises
    ------
    RunNotFoundError
        There is none.
    """
    run = training_runs().filter(number=number).first()
    if run is None:
        raise RunNotFoundError(f"There is no run {number}.")
    return run


def job_events(job_id: UUID, *, after: int = 0, limit: int = 500) -> list[JobEvent]:
    """Return the events of a job with ids above `after`, oldest first."""
    return list(JobEvent.objects.filter(job_id=job_id, id__gt=after).order_by("id")[:limit])


def workers_alive() -> QuerySet[Worker]:
    """Return the workers that gave a sign of life lately."""
    since = now() - dt.timedelta(
        seconds=max(WORKER_SEEN_WITHIN_SECONDS, 3 * settings.JOB_BEAT_SECONDS)
    )
    return Worker.objects.filter(seen_at__gte=since)
