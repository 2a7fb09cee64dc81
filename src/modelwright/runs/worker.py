"""The worker: some processes that hear the bell, a pulse that says that they live, and a sweep.

Each process is a Celery worker of its own that runs one job at a time (its `solo` pool), forked
from one that has loaded everything: one of them killed takes nothing from the others. (Celery's own
`prefork` pool shares a lock among its processes; who is killed while holding it stops them all.)
"""

import contextlib
import ctypes
import gc
import logging
import os
import signal
import sys
import threading
import time
from typing import Any

from celery import Celery, signals
from django.conf import settings
from django.db import DatabaseError, connections

from modelwright import __version__
from modelwright.core.clock import now
from modelwright.core.tracing import tracing_start, tracing_stop
from modelwright.engine.warm import warm_up
from modelwright.runs import stopping
from modelwright.runs.child import PR_SET_PDEATHSIG, load_work
from modelwright.runs.doorbell import HOUSEKEEPING
from modelwright.runs.kinds import kinds_all, queues_apart, queues_shared
from modelwright.runs.models import Worker
from modelwright.runs.names import host_name, worker_name
from modelwright.runs.sweep import jobs_sweep

log = logging.getLogger(__name__)

UNHURRIED_POLL_SECONDS = 0.5
FORK_AGAIN_SECONDS = 0.5


def worker_run(app: Celery) -> None:
    """Run a worker in this process, and those it forks, until it is told to stop."""
    for kind in kinds_all():
        load_work(kind.work)  # imported before the fork, so that every child starts warm
    warm_up()
    connections.close_all()
    gc.collect()
    gc.freeze()  # what is loaded so far stays shared: no collection writes to it
    _Crew(app).run()


class _Crew:
    """The processes of a worker: one for each job at a time, one for each kind of job that has its
    own, and one that keeps house.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._queues: dict[int, list[str]] = {}

    def run(self) -> None:
        """Fork them, fork anew whoever ends, until told to stop; then wait for them."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        pulse = _Pulse()
        own = [[queue] for queue in (HOUSEKEEPING, *queues_apart())]
        for queues in [*own, *[queues_shared()] * settings.JOB_SLOTS]:
            self._fork(queues)
        pulse.start()
        try:
            while self._queues:
                pid, state = os.wait()
                queues = self._queues.pop(pid)
                if not stopping.requested():
                    log.warning("A process of the worker ended (%d) and is replaced", state)
                    time.sleep(FORK_AGAIN_SECONDS if state else 0)
                    self._fork(queues)
        finally:
            pulse.stop()

    def _on_stop(self, *_: Any) -> None:
        stopping.request()
        for pid in self._queues:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _fork(self, queues: list[str]) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._queues[pid] = queues
            return
        code = 70
        try:
            code = _hear(self._app, queues, parent)
        finally:
            logging.shutdown()
            os._exit(code)


def _hear(app: Celery, queues: list[str], parent: int) -> int:
    """Be one process of the crew: answer the bells of `queues`, one job at a time."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return 71
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signals.worker_shutting_down.connect(_stop, weak=False)
    if HOUSEKEEPING in queues:
        os.nice(settings.JOB_NICENESS)  # it computes, too: checks for drift, losses of tests
    unhurried = queues != queues_shared()
    if unhurried and "polling_interval" in app.conf.broker_transport_options:
        app.conf.broker_transport_options["polling_interval"] = UNHURRIED_POLL_SECONDS
    worker = app.Worker(
        pool="solo",
        queues=",".join(queues),
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel="WARNING",
        quiet=True,
        hostname=f"modelwright-{os.getpid()}@{os.uname().nodename}",
    )
    tracing_start("worker")
    try:
        worker.start()
    finally:
        tracing_stop()
    return int(worker.exitcode or 0)


def _stop(**_: Any) -> None:
    stopping.request()


class _Pulse:
    """A thread of the worker's first process: sign of life every few seconds, sweep every minute.

    It goes on while every other process is busy. None is forked while it is inside the database.
    """

    def __init__(self) -> None:
        self._name = worker_name()
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        os.register_at_fork(
            before=self._lock.acquire,
            after_in_parent=self._lock.release,
            after_in_child=self._lock.release,
        )

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Take leave: the row goes, so that nobody waits for this worker."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)
        try:
            Worker.objects.filter(pk=self._name).delete()
        except DatabaseError as error:
            log.warning("The worker could not sign off: %s", error)
        finally:
            connections.close_all()

    def _run(self) -> None:
        beats = 0
        every = max(1, round(settings.SWEEP_SECONDS / settings.JOB_BEAT_SECONDS))
        while not self._ending.is_set():
            with self._lock:
                try:
                    self._beat(thorough=beats % every == 0)
                except DatabaseError as error:
                    log.warning("The worker's sign of life could not be written: %s", error)
                finally:
                    connections.close_all()
            beats += 1
            self._ending.wait(settings.JOB_BEAT_SECONDS)

    def _beat(self, *, thorough: bool) -> None:
        Worker.objects.update_or_create(
            name=self._name,
            defaults={
                "hostname": host_name(),
                "pid": os.getpid(),
                "slots": settings.JOB_SLOTS,
                "version": __version__,
                "seen_at": now(),
            },
        )
        jobs_sweep(thorough=thorough)
