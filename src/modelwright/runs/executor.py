"""Running claimed jobs: start the child, watch it, and end the job with its attempt number.

The watcher does everything that must not depend on the fit: it writes the sign of life, reads the
cancel flag, enforces the limits. So a fit in C code doesn't look dead, a dead process doesn't look
alive, and all brokers behave the same.
"""

import contextlib
import json
import logging
import os
import select
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction

from modelwright.core.context import Origin, acting
from modelwright.core.errors import ModelwrightError
from modelwright.core.files import private_dir
from modelwright.runs import slots, stopping
from modelwright.runs.child import ChildTask, fork
from modelwright.runs.jobs import (
    Claim,
    event_add,
    job_beat,
    job_cancel_requested,
    job_claim,
    job_end,
    job_progress,
    job_release,
    jobs_pending,
)
from modelwright.runs.kinds import kind_of
from modelwright.runs.models import Job, JobEvent, TrainingRun
from modelwright.runs.names import worker_name
from modelwright.runs.states import Status

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.25
PROGRESS_SECONDS = 0.25
MAX_LOG_LINES = 500
DB_TRIES = 5
OnProgress = Callable[[float, str, str], None]
DB_ERRORS = (OperationalError, InterfaceError)


def drain(queue: str, *, worker: str) -> int:
    """Run pending jobs of `queue` until none is left or no slot is free; return how many.

    A ring that finds all slots taken may be dropped: whoever holds one looks again after giving it
    back, so that no job is left waiting between the two.
    """
    done = 0
    while not stopping.requested():
        with slots.take(queue) as taken:
            if not taken:
                return done
            while not stopping.requested() and (claim := job_claim(queue=queue, worker=worker)):
                execute(claim)
                done += 1
        if not jobs_pending(queue):
            return done
    return done


def run_here(run: TrainingRun, on_progress: OnProgress | None = None) -> TrainingRun:
    """Run a pending job in this process's own child, as `modelwright train` does.

    Returns
    -------
    TrainingRun
        As it stands in the end; somebody else's, where a worker was quicker.
    """
    claim = job_claim(queue=kind_of(run).queue, worker=worker_name(), only=run.pk)
    if claim is not None:
        execute(claim, on_progress=on_progress)
    run.refresh_from_db()
    return run


def execute(claim: Claim, *, on_progress: OnProgress | None = None) -> None:
    """Run one claimed job to its end. Never raises for what the job does wrong."""
    scratch = settings.SCRATCH_DIR / f"{claim.kind.name}-{claim.job_id}-{claim.attempt}"
    with acting(Origin(channel="worker", request_id=str(claim.job_id)[:16])):
        try:
            private_dir(scratch)
            job = claim.kind.model._default_manager.get(pk=claim.job_id)
            outcome = _Watch(claim, job, scratch, on_progress).run()
            _settle(claim, job, scratch, outcome)
        except Exception:  # the worker's edge: whatever it was, the job must not stay running
            log.exception("%s %s could not be run", claim.kind.name, claim.job_id)
            _settle_broken(claim)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


@dataclass
class Outcome:
    """How the child ended."""

    status: Status | None = None  # None: given back or no longer ours, nothing more to write
    result: Mapping[str, Any] | None = None
    error_type: str = ""
    error_message: str = ""
    released: str = ""  # why it goes back to pending
    crashed: bool = False


@dataclass
class _Watch:
    """One child and what was heard of it."""

    claim: Claim
    job: Job
    scratch: Path
    on_progress: OnProgress | None
    pid: int = 0
    base_rss: int = 0
    peak_rss: int = 0
    log_lines: int = 0
    pending_progress: tuple[float, str, str] | None = None
    last_progress: float = 0.0
    outcome: Outcome = field(default_factory=Outcome)

    def run(self) -> Outcome:
        """Start the child and stay until it has ended."""
        task = ChildTask(
            work=self.claim.kind.work,
            payload=self.claim.kind.prepare(self.job),
            scratch=self.scratch,
            threads=settings.JOB_THREADS,
            memory_limit_mb=self.job.memory_limit_mb,
        )
        connections.close_all()  # the child must not share them
        self.pid, pipe = fork(task)
        try:
            self._listen(pipe)
        finally:
            os.close(pipe)
            self._kill()
        return self.outcome

    def _listen(self, pipe: int) -> None:
        started = last_beat = last_look = last_ok = time.monotonic()
        rest = b""
        while True:
            ready, _, _ = select.select([pipe], [], [], WATCH_SECONDS)
            if ready:
                chunk = os.read(pipe, 1 << 16)
                if not chunk:
                    self._ended()
                    return
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._heard(json.loads(line))
                if self.outcome.status is not None:
                    return
            instant = time.monotonic()
            if instant - last_look < WATCH_SECONDS:
                continue
            last_look = instant
            if self._over_limit(instant - started) or self._stopping(instant):
                return
            try:
                self._write_progress(instant)
                beat_due = instant - last_beat >= settings.JOB_BEAT_SECONDS
                cancel = (job_beat if beat_due else job_cancel_requested)(self.claim)
                if beat_due:
                    last_beat = instant
                last_ok = instant
            except DB_ERRORS as error:
                connections.close_all()
                # Past this a sweep may have given the job to somebody else: we can't prove that
                # it is still ours.
                if instant - last_ok > 0.7 * settings.JOB_DEAD_AFTER_SECONDS:
                    log.warning("Stopped %s: the database can't be reached", self.claim.job_id)
                    return
                log.warning("No sign of life could be written: %s", error)
                continue
            if cancel is None:
                log.warning("Stopped %s: it is no longer ours", self.claim.job_id)
                return
            if cancel:
                self.outcome.status = Status.CANCELLED
                return

    def _heard(self, message: Mapping[str, Any]) -> None:
        kind = message["kind"]
        if kind == "progress":
            step = (float(message["percent"]), str(message["step"]), str(message["message"]))
            self.pending_progress = step
            if self.on_progress:
                self.on_progress(*step)
        elif kind == "log":
            self.log_lines += 1
            if self.log_lines <= MAX_LOG_LINES:
                with contextlib.suppress(*DB_ERRORS):
                    event_add(
                        self.claim.job_id,
                        JobEvent.Kind.LOG,
                        attempt=self.claim.attempt,
                        line=message["line"],
                    )
        elif kind == "result":
            self.outcome.status = Status.COMPLETED
            self.outcome.result = message["result"]
        else:
            self.outcome.status = Status.FAILED
            self.outcome.error_type = message["type"]
            self.outcome.error_message = self._explain(message)

    def _explain(self, message: Mapping[str, Any]) -> str:
        if message["type"] == "MemoryError":
            return self._memory_message()
        if trace := message.get("trace"):
            log.error("%s %s failed:\n%s", self.claim.kind.name, self.claim.job_id, trace)
            return f"{message['type']}: {message['message']}"[:2000]
        return str(message["message"])

    def _memory_message(self) -> str:
        return (
            f"The run needed more memory than its limit of {self.job.memory_limit_mb} MB"
            " (MODELWRIGHT_JOB_MEMORY_LIMIT_MB). Use less data or a smaller model, or raise it."
        )

    def _write_progress(self, instant: float) -> None:
        if self.pending_progress and instant - self.last_progress >= PROGRESS_SECONDS:
            self.last_progress = instant
            job_progress(self.claim, *self.pending_progress)
            self.pending_progress = None

    def _over_limit(self, seconds: float) -> bool:
        limit = self.job.time_limit_seconds
        if limit is not None and seconds > limit:
            self.outcome = Outcome(
                status=Status.FAILED,
                error_type="TimeLimit",
                error_message=(
                    f"The run took longer than its limit of {limit:g} s"
                    " (MODELWRIGHT_JOB_TIME_LIMIT_SECONDS). Use less data or a smaller model,"
                    " or raise it."
                ),
            )
            return True
        memory = self.job.memory_limit_mb
        if memory is not None and self._grown_mb() > memory:
            self.outcome = Outcome(
                status=Status.FAILED,
                error_type="MemoryError",
                error_message=self._memory_message(),
            )
            return True
        return False

    def _grown_mb(self) -> float:
        """How much the child and its children have taken since the start, in MB."""
        total = 0
        with contextlib.suppress(psutil.Error):
            child = psutil.Process(self.pid)
            for process in (child, *child.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    memory = process.memory_info()
                    total += memory.rss - getattr(memory, "shared", 0)
        self.base_rss = self.base_rss or total
        self.peak_rss = max(self.peak_rss, total)
        return (total - self.base_rss) / 1024 / 1024

    def _stopping(self, instant: float) -> bool:
        since = stopping.requested_at()
        if since is None or instant - since < settings.JOB_SHUTDOWN_GRACE_SECONDS:
            return False
        self.outcome = Outcome(released="Its worker was stopped.")
        return True

    def _ended(self) -> None:
        """Handle an end of the pipe without a last word: the child was killed."""
        _, state = os.waitpid(self.pid, 0)
        self.pid = 0
        number = os.WTERMSIG(state) if os.WIFSIGNALED(state) else 0
        name = signal.Signals(number).name if number else f"exit code {os.WEXITSTATUS(state)}"
        limit = self.job.memory_limit_mb
        near = limit is not None and (self.peak_rss - self.base_rss) / 1024 / 1024 > 0.8 * limit
        if number in (signal.SIGABRT, signal.SIGSEGV) and near:
            self.outcome = Outcome(
                status=Status.FAILED,
                error_type="MemoryError",
                error_message=self._memory_message(),
            )
        else:
            self.outcome = Outcome(
                released=f"The process that did the work was ended from outside ({name}).",
                crashed=True,
            )

    def _kill(self) -> None:
        if not self.pid:
            return
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _settle(claim: Claim, job: Job, scratch: Path, outcome: Outcome) -> None:
    """Write the end; tried again where the database is away for a moment."""
    for trial in range(DB_TRIES):
        try:
            _write_end(claim, job, scratch, outcome)
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
            _complete(claim, scratch, outcome.result)
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


def _complete(claim: Claim, scratch: Path, result: Mapping[str, Any]) -> None:
    """Complete the row and let the other rooms publish what was made, in one transaction.

    The compare-and-set comes first: it holds the row, so that a late twin can't publish over us.
    """
    model = claim.kind.model
    with transaction.atomic():
        job = model._default_manager.get(pk=claim.job_id)
        fields = claim.kind.completed_fields(job, result)
        if not job_end(
            claim, Status.COMPLETED, progress_percent=100.0, progress_message="", **fields
        ):
            return
        job.refresh_from_db()
        for hook in claim.kind.completion_hooks:
            hook(job, result, scratch)
        job.save()


def _settle_broken(claim: Claim) -> None:
    """Fail a job whose running went wrong on our side."""
    try:
        job = claim.kind.model._default_manager.get(pk=claim.job_id)
        _fail(claim, job, "InternalError", "The worker could not run this job: see its log.")
    except (DatabaseError, claim.kind.model.DoesNotExist):
        connections.close_all()
        log.exception("The failure of %s could not be written", claim.job_id)
