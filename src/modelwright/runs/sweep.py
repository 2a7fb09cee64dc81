"""Making good what was lost: rings, workers, processes. Safe to run at once from many places."""

import contextlib
import datetime as dt
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from modelwright.accounts.notifications.outbox import notices_due
from modelwright.catalog.uploads import uploads_sweep
from modelwright.core.clock import now
from modelwright.runs.doorbell import ring, ring_deliveries
from modelwright.runs.jobs import Claim, job_cancel, job_release
from modelwright.runs.kinds import JobKind, kinds_all
from modelwright.runs.models import Job, Worker
from modelwright.runs.names import SCRATCH_NAME, scratch_name, worker_gone, worker_is_here
from modelwright.runs.selectors import workers_alive
from modelwright.runs.silence import silence
from modelwright.runs.states import Status

log = logging.getLogger(__name__)

SCRATCH_KEPT_SECONDS = 3600  # of what is no attempt at a job: imports, recordings
WORKER_KEPT = dt.timedelta(days=1)


_hooks: list[Callable[[], object]] = []


def on_sweep(hook: Callable[[], object]) -> None:
    """Have `hook()` called at every thorough sweep, once a minute by each worker; it is quick."""
    _hooks.append(hook)


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
    released = sum(lost_release(kind) for kind in kinds_all())
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
        uploads_sweep()
        for hook in _hooks:
            hook()
        Worker.objects.filter(seen_at__lt=now() - WORKER_KEPT).delete()
    if released or cancelled:
        log.warning("Sweep: %d jobs given back, %d cancelled", released, cancelled)
    return Swept(rung=rung, released=released, cancelled=cancelled)


def lost_release(kind: JobKind) -> int:
    """Give back the running jobs whose worker gave no sign of life, or is known to have ended."""
    released = 0
    silence.look()
    for job in kind.model._default_manager.filter(status=Status.RUNNING):
        if lost := _lost(kind, job):
            claim = Claim(kind, job.pk, job.attempt)
            released += job_release(claim, reason=lost.reason, crashed=True, final=lost.final)
    return released


@dataclass(frozen=True)
class _Lost:
    reason: str
    final: bool  # failed, and not tried again


def _lost(kind: JobKind, job: Job) -> _Lost | None:
    """Say why a running job is taken for lost, or nothing."""
    silent = silence.seconds(job)
    gone = worker_gone(job.worker)
    if not gone and silent <= settings.JOB_DEAD_AFTER_SECONDS:
        return None
    paused = worker_is_here(job.worker) and not gone  # the host was asleep, maybe: it goes on
    final = kind.is_hopeless is not None and kind.is_hopeless(job, silent) and not paused
    if gone and not final:
        return _Lost("The worker that ran it has ended.", final)
    return _Lost(f"There was no sign of life for {silent:.0f} s.", final)


def _ring_again(kind: JobKind) -> int:
    """Ring for pending jobs that nobody took, as far as workers have room for them."""
    pause = dt.timedelta(seconds=settings.RING_AGAIN_AFTER_SECONDS)
    waiting = kind.model._default_manager.filter(status=Status.PENDING).exclude(
        rung_at__range=(now() - pause, now() + pause)  # later ones: the clock was set back
    )
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
    """Remove folders that killed processes left behind; those of attempts that run stay."""
    found = list(settings.SCRATCH_DIR.iterdir())
    running = {
        scratch_name(kind.name, job_id, attempt)
        for kind in kinds_all()
        for job_id, attempt in kind.model._default_manager.filter(
            status=Status.RUNNING
        ).values_list("pk", "attempt")
    }
    for folder in found:
        is_attempt = SCRATCH_NAME.fullmatch(folder.name) is not None
        kept = settings.JOB_DEAD_AFTER_SECONDS if is_attempt else SCRATCH_KEPT_SECONDS
        with contextlib.suppress(FileNotFoundError):
            if folder.name not in running and time.time() - folder.stat().st_mtime > kept:
                shutil.rmtree(folder, ignore_errors=True)
