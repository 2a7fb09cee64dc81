"""Every change of a job's state. Each is a compare-and-set that expects to change one row.

The functions take the job's class and key, so that training runs, tuning runs and all later kinds
share them. Who loses a race is told by the return value, never by an exception.
"""

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from modelwright.core.clock import now
from modelwright.runs.doorbell import ring
from modelwright.runs.kinds import JobKind, kind_of, kinds_of_queue
from modelwright.runs.models import Job, JobEvent
from modelwright.runs.states import ENDED, LEGAL_MOVES, OPEN, Status

log = logging.getLogger(__name__)

FAILED_BY_SWEEP = "The clean-up has failed it: start it again."
_NEVER = dt.datetime.fromtimestamp(0, tz=dt.UTC)


@dataclass(frozen=True)
class Claim:
    """A job taken by a worker: nothing is written to it without this attempt number."""

    kind: JobKind
    job_id: UUID
    attempt: int


def event_add(job_id: UUID, kind: JobEvent.Kind, *, attempt: int = 0, **data: Any) -> JobEvent:
    """Append an event to the job's history."""
    return JobEvent.objects.create(job_id=job_id, kind=kind, attempt=attempt, data=data)


def job_announce(job: Job) -> None:
    """Record that a job was submitted and ring its bell once the transaction is through."""
    event_add(job.pk, JobEvent.Kind.STATUS, status=Status.PENDING)
    queue = kind_of(job).queue
    transaction.on_commit(lambda: ring(queue))


def job_claim(*, queue: str, worker: str, only: UUID | None = None) -> Claim | None:
    """Take the best pending job of `queue`: highest priority, then fairness, then age.

    Fairness: of users with jobs of that priority, the one with the fewest running ones, then the
    one who was served longest ago.

    Parameters
    ----------
    queue : str
        The bell that was heard.
    worker : str
        Who takes it.
    only : UUID, optional
        Take this job or none.

    Returns
    -------
    Claim or None
        None where nothing is pending.
    """
    for kind in kinds_of_queue(queue):
        while (best := _best_pending(kind.model, only)) is not None:
            job_id, attempt = best
            if _move(
                kind.model,
                job_id,
                Status.PENDING,
                Status.RUNNING,
                attempt=attempt,
                cancel_requested=False,
                changes={
                    "worker": worker,
                    "attempt": attempt + 1,
                    "started_at": now(),
                    "beat_at": now(),
                    "progress_percent": 0.0,
                    "progress_step": "",
                    "progress_message": "",
                },
            ):
                return Claim(kind, job_id, attempt + 1)
    return None


def _best_pending(model: type[Job], only: UUID | None) -> tuple[UUID, int] | None:
    pending = model._default_manager.filter(status=Status.PENDING, cancel_requested=False)
    if only is not None:
        return pending.filter(pk=only).values_list("pk", "attempt").first()
    top = pending.aggregate(top=models.Max("priority"))["top"]
    if top is None:
        return None
    pending = pending.filter(priority=top)
    users = list(pending.order_by().values_list("user", flat=True).distinct())
    if len(users) > 1:
        served: dict[int | None, tuple[int, dt.datetime]] = {
            row["user"]: (row["running"], row["last"])
            for row in model._default_manager.filter(
                Q(user__in=[u for u in users if u is not None]) | Q(user__isnull=True)
            )
            .filter(started_at__isnull=False)
            .order_by()
            .values("user")
            .annotate(
                running=models.Count("pk", filter=Q(status=Status.RUNNING)),
                last=models.Max("started_at"),
            )
        }
        waiting = dict(
            pending.order_by().values_list("user").annotate(oldest=models.Min("created_at"))
        )

        def turn(user: int | None) -> tuple[int, float, float]:
            running, last = served.get(user, (0, _NEVER))
            return running, last.timestamp(), waiting[user].timestamp()

        pending = pending.filter(user=min(waiting, key=turn))
    return pending.order_by("created_at", "pk").values_list("pk", "attempt").first()


def _move(
    model: type[Job],
    job_id: UUID,
    old: Status,
    new: Status,
    *,
    changes: dict[str, Any],
    **also: Any,
) -> bool:
    """Change the state of one row, or of none; the only place that writes `status`."""
    if new not in LEGAL_MOVES[old]:
        raise ValueError(f"A job never goes from {old} to {new}.")
    if new in ENDED:
        changes = {"finished_at": now(), **changes}
    with transaction.atomic(savepoint=False):
        changed = model._default_manager.filter(pk=job_id, status=old, **also).update(
            status=new, **changes
        )
        if changed:
            event_add(
                job_id,
                JobEvent.Kind.STATUS,
                attempt=int(changes.get("attempt", also.get("attempt", 0))),
                status=new,
                message=str(changes.get("error_message", ""))[:500],
            )
    return bool(changed)


def _tell_of_end(kind: JobKind, job_id: UUID) -> Job:
    job = kind.model._default_manager.get(pk=job_id)
    kind.ended(job)
    for hook in kind.end_hooks:
        hook(job)
    return job


def job_beat(claim: Claim) -> bool | None:
    """Write the sign of life.

    Returns
    -------
    bool or None
        Whether somebody asked for the job to be cancelled; None where it is no longer ours.
    """
    ours = claim.kind.model._default_manager.filter(
        pk=claim.job_id, status=Status.RUNNING, attempt=claim.attempt
    )
    if not ours.update(beat_at=now()):
        return None
    return bool(ours.values_list("cancel_requested", flat=True).first())


def job_cancel_requested(claim: Claim) -> bool | None:
    """Read whether the job is to be cancelled; None where it is no longer ours."""
    flags = claim.kind.model._default_manager.filter(
        pk=claim.job_id, status=Status.RUNNING, attempt=claim.attempt
    ).values_list("cancel_requested", flat=True)
    return flags.first()


def job_progress(claim: Claim, percent: float, step: str, message: str) -> bool:
    """Write how far the job is, on the row and as an event; False where it is no longer ours."""
    with transaction.atomic():
        changed = claim.kind.model._default_manager.filter(
            pk=claim.job_id, status=Status.RUNNING, attempt=claim.attempt
        ).update(
            progress_percent=percent,
            progress_step=step[:32],
            progress_message=message[:255],
            beat_at=now(),
        )
        if changed:
            event_add(
                claim.job_id,
                JobEvent.Kind.PROGRESS,
                attempt=claim.attempt,
                percent=round(percent, 2),
                step=step[:32],
                message=message[:255],
            )
    return bool(changed)


def job_end(claim: Claim, status: Status, **changes: Any) -> Job | None:
    """End the job and return it, unless it is no longer ours (then None: nothing is written)."""
    with transaction.atomic(savepoint=False):
        moved = _move(
            claim.kind.model,
            claim.job_id,
            Status.RUNNING,
            status,
            attempt=claim.attempt,
            changes=changes,
        )
        return _tell_of_end(claim.kind, claim.job_id) if moved else None


def job_release(claim: Claim, *, reason: str, crashed: bool, final: bool = False) -> bool:
    """Give a running job back: its worker stops, or died. It is tried again by whoever is free.

    An attempt that ended without a word counts as a crash; at the limit, or where it was the
    `final` one, the job is failed instead, so that a job that kills its workers doesn't go round
    for ever.
    """
    model = claim.kind.model
    job = model._default_manager.filter(pk=claim.job_id).first()
    if job is None:
        return False
    if job.cancel_requested:
        return job_end(claim, Status.CANCELLED) is not None
    crashes = job.crashes + int(crashed)
    limit = settings.JOB_MAX_CRASHES
    if crashed and (final or crashes >= limit):
        end = f"It was tried {crashes} times, which is the limit (MODELWRIGHT_JOB_MAX_CRASHES)."
        failed = job_end(
            claim,
            Status.FAILED,
            crashes=crashes,
            error_type="WorkerLost",
            error_message=f"{reason} {FAILED_BY_SWEEP if final else end}",
            **claim.kind.failed_fields(job),
        )
        return failed is not None
    with transaction.atomic():
        moved = _move(
            model,
            claim.job_id,
            Status.RUNNING,
            Status.PENDING,
            attempt=claim.attempt,
            changes={
                "crashes": crashes,
                "worker": "",
                "beat_at": None,
                "rung_at": now(),
                "progress_message": reason[:255],
            },
        )
        if moved:
            queue = claim.kind.queue
            transaction.on_commit(lambda: ring(queue))
    return moved


def job_cancel(job: Job, *, at_once: bool = False) -> bool:
    """Cancel a job: a pending one at once, a running one by asking its worker.

    Parameters
    ----------
    job : Job
    at_once : bool
        Don't wait for the worker of a running one: the row ends now and frees its place. The
        worker finds that the job is no longer its own and ends the fit within a second.

    Returns
    -------
    bool
        False where it had ended already.
    """
    kind = kind_of(job)
    changes = {"cancel_requested": True, "error_message": ""}
    with transaction.atomic():
        for old in (Status.PENDING, Status.RUNNING) if at_once else (Status.PENDING,):
            if _move(kind.model, job.pk, old, Status.CANCELLED, changes=changes):
                _tell_of_end(kind, job.pk)
                return True
        return bool(
            kind.model._default_manager.filter(pk=job.pk, status__in=OPEN).update(
                cancel_requested=True
            )
        )
