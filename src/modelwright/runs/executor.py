"""Running claimed jobs, and writing their end with the attempt number they were claimed under."""

import logging
import shutil
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, connections, transaction

from modelwright.core.context import Origin, acting, origin_of_request
from modelwright.core.errors import ModelwrightError
from modelwright.core.files import private_dir
from modelwright.core.tracing import span
from modelwright.runs import stopping
from modelwright.runs.jobs import Claim, job_claim, job_end, job_release
from modelwright.runs.kinds import kind_of, queues_shared
from modelwright.runs.models import Job
from modelwright.runs.names import scratch_name, worker_name
from modelwright.runs.states import Status
from modelwright.runs.watch import DB_ERRORS, OnProgress, Outcome, Watch

log = logging.getLogger(__name__)

AnyJob = TypeVar("AnyJob", bound=Job)
DB_TRIES = 5


def drain(queue: str, *, worker: str) -> int:
    """Run pending jobs until none is left, those of `queue` first; return how many.

    The queues that share the slots take turns after each job, so that a search of a thousand pieces
    doesn't starve a training.
    """
    done = 0
    shared = queues_shared()
    others = [other for other in shared if other != queue] if queue in shared else []
    turns = deque([queue, *others])
    while not stopping.requested():
        claim = _claim_in_turn(turns, worker)
        if claim is None:
            break
        execute(claim)
        done += 1
    return done


def _claim_in_turn(turns: deque[str], worker: str) -> Claim | None:
    """Take the best job of the first queue that has any; that queue goes to the end of the line."""
    for queue in list(turns):
        if claim := job_claim(queue=queue, worker=worker):
            turns.remove(queue)
            turns.append(queue)
            return claim
    return None


def run_here(run: AnyJob, on_progress: OnProgress | None = None) -> AnyJob:
    """Run a pending job in this process's own child, as `modelwright train` does.

    Returns
    -------
    Job
        As it stands in the end; somebody else's, where a worker was quicker.
    """
    claim = job_claim(queue=kind_of(run).queue, worker=worker_name(), only=run.pk)
    if claim is not None:
        execute(claim, on_progress=on_progress)
    run.refresh_from_db()
    return run


def execute(claim: Claim, *, on_progress: OnProgress | None = None) -> None:
    """Run one claimed job to its end. Never raises for what the job does wrong."""
    scratch = settings.SCRATCH_DIR / scratch_name(claim.kind.name, claim.job_id, claim.attempt)
    with acting(Origin(channel="worker", job_id=str(claim.job_id))):
        try:
            private_dir(scratch)
            job = claim.kind.model._default_manager.get(pk=claim.job_id)
            origin_of_request(job.request_id or str(job.pk)[:16])
            with span(
                f"job {claim.kind.name}", parent=job.traceparent, attributes=_told(claim, job)
            ):
                log.info("%s starts, attempt %d", claim.kind.name, claim.attempt)
                outcome = Watch(claim, job, scratch, on_progress).run()
                _settle(claim, job, scratch, outcome)
                log.info("%s is %s", claim.kind.name, outcome.status or "given back")
        except DB_ERRORS as error:
            log.warning("%s %s is given back: %s", claim.kind.name, claim.job_id, error)
            connections.close_all()
            reason = "The database could not be reached."
            _write(claim, lambda: job_release(claim, reason=reason, crashed=True))
        except Exception:  # the worker's edge: whatever it was, the job must not stay running
            log.exception("%s %s could not be run", claim.kind.name, claim.job_id)
            _settle_broken(claim)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _told(claim: Claim, job: Job) -> dict[str, str | int]:
    """Return what a trace says of a job."""
    return {
        "modelwright.job.id": str(job.pk),
        "modelwright.job.kind": claim.kind.name,
        "modelwright.job.attempt": claim.attempt,
        "modelwright.request.id": job.request_id,
    }


def _settle(claim: Claim, job: Job, scratch: Path, outcome: Outcome) -> None:
    _write(claim, lambda: _write_end(claim, job, scratch, outcome))


def _write(claim: Claim, end: Callable[[], object]) -> None:
    """Write the end; tried again where the database is away for a moment."""
    for trial in range(DB_TRIES):
        try:
            end()
            return
        except DB_ERRORS as error:
            connections.close_all()
            log.warning("The end of %s could not be written yet: %s", claim.job_id, error)
            time.sleep(0.2 * 2**trial)
    log.error("The end of %s could not be written: the sweep will try it again", claim.job_id)


def _write_end(claim: Claim, job: Job, scratch: Path, outcome: Outcome) -> None:
    if outcome.released:
        job_release(claim, reason=outcome.released, crashed=outcome.crashed)
    elif outcome.status is Status.COMPLETED and outcome.result is not None:
        try:
            _complete(claim, job, scratch, outcome.result)
        except (OSError, ModelwrightError) as error:
            log.exception("The result of %s could not be stored", claim.job_id)
            reason = error.strerror if isinstance(error, OSError) else str(error)
            _fail(claim, job, "StorageError", f"The result could not be stored: {reason}.")
    elif outcome.status is Status.FAILED:
        _fail(claim, job, outcome.error_type, outcome.error_message)
    elif outcome.status is Status.CANCELLED:
        job_end(claim, Status.CANCELLED)


def _fail(claim: Claim, job: Job, error_type: str, message: str) -> None:
    job_end(
        claim,
        Status.FAILED,
        error_type=error_type,
        error_message=message,
        **claim.kind.failed_fields(job),
    )


def _complete(claim: Claim, asked: Job, scratch: Path, result: Mapping[str, Any]) -> None:
    """Complete the row and let the other rooms publish what was made, in one transaction.

    The compare-and-set comes first: it holds the row, so that a late twin can't publish over us.
    """
    with transaction.atomic():
        fields = claim.kind.completed_fields(asked, result)
        job = job_end(
            claim, Status.COMPLETED, progress_percent=100.0, progress_message="", **fields
        )
        if job is None:
            return
        before = dict(vars(job))
        for hook in claim.kind.completion_hooks:
            hook(job, result, scratch)
        columns = [field.attname for field in job._meta.concrete_fields]
        if changed := [name for name in columns if vars(job)[name] != before[name]]:
            job.save(update_fields=changed)


def _settle_broken(claim: Claim) -> None:
    """Fail a job whose running went wrong on our side."""
    try:
        job = claim.kind.model._default_manager.get(pk=claim.job_id)
        _fail(claim, job, "InternalError", "The worker could not run this job: see its log.")
    except (DatabaseError, claim.kind.model.DoesNotExist):
        connections.close_all()
        log.exception("The failure of %s could not be written", claim.job_id)
