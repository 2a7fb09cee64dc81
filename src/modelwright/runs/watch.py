"""Watching the child process of one job.

The watcher does everything that must not depend on the fit: it writes the sign of life, reads the
cancel flag, enforces the limits. So a fit in C code doesn't look dead, a dead process doesn't look
alive, and all brokers behave the same.
"""

import contextlib
import json
import logging
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, connections

from modelwright.runs import stopping
from modelwright.runs.child import ChildTask, fork, load_warm_up
from modelwright.runs.jobs import (
    Claim,
    event_add,
    job_beat,
    job_cancel_requested,
    job_progress,
)
from modelwright.runs.models import Job, JobEvent
from modelwright.runs.parts import job_keep
from modelwright.runs.states import Status

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.5
CHILDREN_EVERY = 2  # looks
KEEP_TRIES = 5
MAX_LOG_LINES = 500
# Past this share of JOB_DEAD_AFTER_SECONDS without a sign of life we can't prove that the job is
# still ours: a sweep may be about to give it to somebody else.
PROOF_SHARE = 0.7
OnProgress = Callable[[float, str, str], None]
DB_ERRORS = (OperationalError, InterfaceError)


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
class Watch:
    """One child and what was heard of it."""

    claim: Claim
    job: Job
    scratch: Path
    on_progress: OnProgress | None
    pid: int = 0
    looks: int = 0
    base_rss: int = 0
    children_rss: int = 0
    peak_rss: int = 0
    log_lines: int = 0
    pending_progress: tuple[float, str, str] | None = None
    parts: list[Mapping[str, Any]] = field(default_factory=list)
    last_beat: float = 0.0
    last_proof: float = 0.0
    outcome: Outcome = field(default_factory=Outcome)

    def run(self) -> Outcome:
        """Start the child and stay until it has ended."""
        task = ChildTask(
            work=self.claim.kind.work,
            payload=self.claim.kind.prepare(self.job),
            scratch=self.scratch,
            memory_limit_mb=self.job.memory_limit_mb,
        )
        if self.claim.kind.uses_database or connection.vendor != "sqlite":
            # The child must share neither a socket nor what it uses itself. Else SQLite's file may
            # stay open, since the child never touches it and inherits no lock: to open it anew
            # takes longer than to write the end.
            connections.close_all()
        if self.claim.kind.warm_up:
            load_warm_up(self.claim.kind.warm_up)(task.payload)
        self.pid, pipe = fork(task)
        try:
            self._listen(pipe)
        finally:
            os.close(pipe)
            self._kill()
        self._keep_the_rest()
        return self.outcome

    def _listen(self, pipe: int) -> None:
        started = last_look = self.last_beat = self.last_proof = time.monotonic()
        for message in _messages(pipe):
            if message is _END:
                self._ended()
                return
            if message is not None:
                self._heard(message)
            if self.outcome.status is not None:
                return
            instant = time.monotonic()
            if instant - last_look < WATCH_SECONDS:
                continue
            last_look = instant
            if (
                self._over_limit(instant - started)
                or self._stopping(instant)
                or not self._still_ours(instant)
            ):
                return

    def _still_ours(self, instant: float) -> bool:
        """Write what is due and read the cancel flag; False where the child is to be ended."""
        beat_due = instant - self.last_beat >= settings.JOB_BEAT_SECONDS
        try:
            self._write_progress()
            if not self._keep():
                log.warning("Stopped %s: it is no longer ours", self.claim.job_id)
                return False
            cancel = (job_beat if beat_due else job_cancel_requested)(self.claim)
        except DB_ERRORS as error:
            connections.close_all()
            log.warning("No sign of life could be written: %s", error)
            if instant - self.last_proof <= PROOF_SHARE * settings.JOB_DEAD_AFTER_SECONDS:
                return True
            log.warning("Stopped %s: the database can't be reached", self.claim.job_id)
            return False
        self.last_proof = instant
        if beat_due:
            self.last_beat = instant
        if cancel is None:
            log.warning("Stopped %s: it is no longer ours", self.claim.job_id)
            return False
        if cancel:
            self.outcome.status = Status.CANCELLED
        return not cancel

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
        elif kind == "part":
            self.parts.append(message["part"])
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

    def _write_progress(self) -> None:
        if self.pending_progress:
            job_progress(self.claim, *self.pending_progress)
            self.pending_progress = None

    def _keep(self) -> bool:
        """Store the parts that were handed over; False where the job is no longer ours."""
        if not self.parts:
            return True
        ours = job_keep(self.claim, self.parts)
        self.parts.clear()
        return ours

    def _keep_the_rest(self) -> None:
        """Store what was handed over last, before the end is written: no part comes after it."""
        for trial in range(KEEP_TRIES):
            try:
                if not self._keep():
                    self.outcome = Outcome()
                return
            except DB_ERRORS as error:
                connections.close_all()
                log.warning("Parts of %s could not be kept yet: %s", self.claim.job_id, error)
                time.sleep(0.2 * 2**trial)
        self.outcome = Outcome(released="Its parts could not be stored.", crashed=True)

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
        """How much the child and its children have taken since the start, in MB.

        Finding its children means reading of every process of the host, so it is done now and then.
        """
        total = 0
        self.looks += 1
        with contextlib.suppress(psutil.Error):
            child = psutil.Process(self.pid)
            if self.looks % CHILDREN_EVERY == 0:
                self.children_rss = sum(map(_own_memory, child.children(recursive=True)))
            total = _own_memory(child) + self.children_rss
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


def _own_memory(process: psutil.Process) -> int:
    """Return the bytes that a process shares with nobody, 0 where it has ended."""
    with contextlib.suppress(psutil.Error):
        memory = process.memory_info()
        return int(memory.rss - getattr(memory, "shared", 0))
    return 0


_END: Mapping[str, Any] = {"kind": "end"}


def _messages(pipe: int) -> Iterator[Mapping[str, Any] | None]:
    """Yield what the child says, None every now and then when it is silent, and `_END` at last."""
    rest = b""
    while True:
        ready, _, _ = select.select([pipe], [], [], WATCH_SECONDS)
        if not ready:
            yield None
            continue
        chunk = os.read(pipe, 1 << 16)
        if not chunk:
            yield _END
            return
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)
