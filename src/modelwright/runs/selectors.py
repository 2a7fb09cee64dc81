"""Reading runs, their events and the workers."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from modelwright.catalog.access import (
    Level,
    Somebody,
    experiment_require,
    experiments_visible,
    may_all,
)
from modelwright.catalog.errors import NotYoursError
from modelwright.core.clock import now
from modelwright.runs.errors import RunNotFoundError
from modelwright.runs.models import JobEvent, TrainingRun, Worker

WORKER_SEEN_WITHIN_SECONDS = 20.0


def training_runs() -> QuerySet[TrainingRun]:
    """Return the runs that everybody who may view runs may see, newest first, with their users.

    They are those on tables of the shared pool; a run of an experiment goes by its experiment, one
    of a machine is a job of contract B.
    """
    return training_runs_all().filter(experiment__isnull=True, machine__isnull=True)


def training_runs_all() -> QuerySet[TrainingRun]:
    """Return every run, newest first: for administrators, and whoever sits at the server."""
    return TrainingRun.objects.select_related("user").order_by("-number")


def model_runs_visible(user: Somebody) -> QuerySet[TrainingRun]:
    """Return the runs of the experiments that `user` may look at, newest first."""
    return training_runs_all().filter(experiment__in=experiments_visible(user).order_by())


def model_run_for(user: Somebody, run_id: UUID, level: Level = Level.VIEWER) -> TrainingRun:
    """Return a run with which `user` may do what `level` says.

    A run of the shared pool is open to everybody whose role lets them at it, but it is history:
    only an administrator may delete it.

    Raises
    ------
    RunNotFoundError
        There is none of this id, or it is that of a machine.
    NotYoursError
        It belongs to somebody else's experiment, or is shared for less.
    """
    found = (
        TrainingRun.objects.select_related("user", "experiment", "experiment__dataset")
        .filter(pk=run_id)
        .first()
    )
    if found is None:
        raise RunNotFoundError("There is no such model run.")
    if found.machine_id is not None:
        raise RunNotFoundError(
            "This is the training of a machine's model: see"
            f" /api/v1/model-performance/jobs/{found.pk}."
        )
    if found.experiment is not None:
        experiment_require(user, found.experiment, level)
    elif level is Level.OWNER and not may_all(user):
        raise NotYoursError(f"Run {found.number} belongs to the shared pool: it can't be deleted.")
    return found


def training_run_get(number: int, *, every: bool = False) -> TrainingRun:
    """Return the run of the shared pool with this number.

    Parameters
    ----------
    number : int
    every : bool
        Those of experiments too: for administrators, and whoever sits at the server.

    Raises
    ------
    RunNotFoundError
        There is none.
    """
    runs = training_runs_all() if every else training_runs()
    run = runs.filter(number=number).first()
    if run is None:
        raise RunNotFoundError(f"There is no run {number}.")
    return run


def job_events(job_id: UUID, *, after: int = 0, limit: int = 500) -> list[JobEvent]:
    """Return the events of a job with ids above `after`, oldest first."""
    return list(JobEvent.objects.filter(job_id=job_id, id__gt=after).order_by("id")[:limit])


def job_followed_from(job: Any) -> int:
    """Return the id of a job's newest event, and read the row of an open one again after it.

    A page that shows the row and follows the events after that id then misses no change: an event
    is written with the row that it tells of.

    Parameters
    ----------
    job : Job or TuningRun
        Anything that has a status and events.
    """
    ids = JobEvent.objects.filter(job_id=job.pk).order_by("-id").values_list("id", flat=True)
    newest = ids.first() or 0
    if not job.is_ended:
        columns = [field for field in job._meta.concrete_fields if not field.is_relation]
        job.refresh_from_db(fields=[field.attname for field in columns])
    return newest


def workers_alive() -> QuerySet[Worker]:
    """Return the workers that gave a sign of life lately."""
    within = dt.timedelta(seconds=max(WORKER_SEEN_WITHIN_SECONDS, 3 * settings.JOB_BEAT_SECONDS))
    moment = now()
    return Worker.objects.filter(seen_at__range=(moment - within, moment + within))
