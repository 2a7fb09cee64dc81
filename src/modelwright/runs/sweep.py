"""Making good what was lost: rings, workers, processes. Safe to run at once from many places."""

import datetime as dt
import logging
import shutil
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from modelwright.accounts.notifications.outbox import notices_due
from modelwright.core.clock import now
from modelwright.runs.doorbell import ring, ring_deliveries
from modelwright.runs.jobs import Claim, job_cancel, job_release
from modelwright.runs.kinds import JobKind, kinds_all
from modelwright.runs.models import Job, Worker
from modelwright.runs.names import worker_gone
from modelwright.runs.selectors import workers_alive
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
        Jobs for which the bell was rung again.
    released : int
        Running jobs without a sign of life that went back to pending, or were failed at the limit.
    cancelled : int
        Jobs whose cancelling was left unfinished.
    """

    rung: int
    released: int
    cancelled: int


def jobs_sweep(*, thorough: bool = True) -> Swept:
    """Ring again for what waits, give back what has no sign of life, clear away leftovers.

    Parameters
    ----------
    thorough : bool
        False: only what is due every few seconds.
    """
    cancelled = rung = 0
    released = _release_lost()
    for kind in kinds_all():
        for job in kind.model._default_manager.filter(status=Status.PENDING, cancel_requested=True):
            cancelled += job_cancel(job)
        rung += _ring_again(kind)
        if kind.sweep is not None:
            kind.sweep()
    if notices_due().exists():
        ring_deliveries()
    if thorough:
        _clear_scratch()
        Worker.objects.filter(seen_at__lt=now() - WORKER_KEPT).delete()
    if released or cancelled:
        log.warning("Sweep: %d jobs given back, %d cancelled", released, cancelled)
    return Swept(rung=rung, released=released, cancelled=cancelled)


def _release_lost() -> int:
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
    """Ring for pending jobs that nobody took, as far as workers have room for them."""
    since = now() - dt.timedelta(seconds=settings.RING_AGAIN_AFTER_SECONDS)
    waiting = kind.model._default_manager.filter(status=Status.PENDING, rung_at__lt=since)
    if not waiting.exists():
        return 0
    slots = workers_alive().aggregate(slots=Sum("slots"))["slots"] or settings.JOB_SLOTS
    free = slots - kind.model._default_manager.filter(status=Status.RUNNING).count()
    if free <= 0:
        return 0
    with transaction.atomic():
        chosen = list(
            waiting.order_by("-priority", "created_at").values_list("pk", flat=True)[:free]
        )
        rung: int = waiting.filter(pk__in=chosen).update(rung_at=now())
        for _ in range(rung):
            transaction.on_commit(lambda: ring(kind.queue))
    return rung


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
