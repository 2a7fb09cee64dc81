"""Making good what was lost: rings, workers, processes. Safe to run at once from many places."""

import datetime as dt
import logging
import shutil
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from modelwright.core.clock import now
from modelwright.runs.doorbell import ring
from modelwright.runs.jobs import Claim, job_cancel, job_release
from modelwright.runs.kinds import JobKind, kinds_all
from modelwright.runs.models import Job, Worker
from modelwright.runs.names import worker_gone
from modelwright.runs.states import Status

log = logging.getLogger(__name__)

SCRATCH_KEPT_SECONDS = 3600
WORKER_KEPT = dt.timedelta(days=1)


@dataclass(frozen=True)
class Swept:
    """What a sweep did.

    Attributes
    ----------
    rung : int
        Queues whose bell was rung again.
    released : int
        Running jobs without a sign of life that went back to pending, or were failed at the limit.
    cancelled : int
        Jobs whose cancelling was left unfinished.
    """

    rung: int
    released: int
    cancelled: int


def jobs_sweep() -> Swept:
    """Ring again for what waits, give back what has no sign of life, clear away leftovers."""
    cancelled = rung = 0
    released = jobs_release_gone()
    for kind in kinds_all():
        for job in kind.model._default_manager.filter(status=Status.PENDING, cancel_requested=True):
            cancelled += job_cancel(job)
        rung += _ring_again(kind)
        if kind.sweep is not None:
            kind.sweep()
    _clear_scratch()
    Worker.objects.filter(seen_at__lt=now() - WORKER_KEPT).delete()
    if released or cancelled:
        log.warning("Sweep: %d jobs given back, %d cancelled", released, cancelled)
    return Swept(rung=rung, released=released, cancelled=cancelled)


def jobs_release_gone() -> int:
    """Give back the running jobs whose worker gave no sign of life, or is known to have ended."""
    released = 0
    for kind in kinds_all():
        for job in kind.model._default_manager.filter(status=Status.RUNNING):
            if reason := _lost(job):
                claim = Claim(kind, job.pk, job.attempt)
                released += job_release(claim, reason=reason, crashed=True)
    return released


def _lost(job: Job) -> str:
    """Say why a running job is taken for lost, or nothing."""
    if worker_gone(job.worker):
        return "The worker that ran it has ended."
    silent = now() - (job.beat_at or job.started_at or job.created_at)
    if silent.total_seconds() > settings.JOB_DEAD_AFTER_SECONDS:
        return f"There was no sign of life for {silent.total_seconds():.0f} s."
    return ""


def _ring_again(kind: JobKind) -> int:
    since = now() - dt.timedelta(seconds=settings.RING_AGAIN_AFTER_SECONDS)
    with transaction.atomic():
        waiting = kind.model._default_manager.filter(
            Q(rung_at__lt=since), status=Status.PENDING
        ).update(rung_at=now())
        if waiting:
            # one ring for each, up to what can be run at once here; each drains what it finds
            for _ in range(min(waiting, settings.JOB_SLOTS)):
                transaction.on_commit(lambda: ring(kind.queue))
    return waiting


def _clear_scratch() -> None:
    """Remove folders that killed attempts left behind."""
    for folder in settings.SCRATCH_DIR.iterdir():
        try:
            if time.time() - folder.stat().st_mtime > max(
                SCRATCH_KEPT_SECONDS, 2 * settings.JOB_TIME_LIMIT_SECONDS
            ):
                shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:
            continue
