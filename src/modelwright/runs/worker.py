"""The worker: Celery's pool hears the bell, a pulse says that it lives, and it sweeps."""

import ctypes
import gc
import logging
import os
import signal
import sys
import threading
from typing import Any

from celery import Celery, signals
from django.conf import settings
from django.db import DatabaseError, connections

from modelwright import __version__
from modelwright.core.clock import now
from modelwright.engine.warm import warm_up
from modelwright.runs import slots, stopping
from modelwright.runs.child import PR_SET_PDEATHSIG, load_work
from modelwright.runs.kinds import kinds_all, queues_all
from modelwright.runs.models import Worker
from modelwright.runs.names import host_name, worker_name
from modelwright.runs.sweep import jobs_release_gone, jobs_sweep

log = logging.getLogger(__name__)

HOUSEKEEPING = "housekeeping"


def worker_run(app: Celery) -> None:
    """Run a worker in this process until it is told to stop."""
    slots.name_node(f"{os.uname().nodename}-{os.getpid()}")
    pulse = _Pulse()
    signals.worker_ready.connect(pulse.start, weak=False)
    signals.worker_shutting_down.connect(_stop, weak=False)
    signals.worker_process_init.connect(_process_init, weak=False)
    for kind in kinds_all():
        load_work(kind.work)  # imported before the fork, so that every child starts warm
    warm_up()
    connections.close_all()
    gc.collect()
    gc.freeze()  # what is loaded so far stays shared with the pool: no collection writes to it
    try:
        app.worker_main(
            [
                "--quiet",
                "worker",
                "--pool=prefork",
                f"--concurrency={settings.JOB_SLOTS + 1}",
                f"--queues={','.join([HOUSEKEEPING, *queues_all()])}",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                "--loglevel=WARNING",
                f"--hostname=modelwright-{os.getpid()}@%h",
            ]
        )
    finally:
        pulse.stop()


def _stop(**_: Any) -> None:
    stopping.request()


def _process_init(**_: Any) -> None:
    """A pool process ends with its worker, and so does what it forks."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    connections.close_all()


class _Pulse:
    """A thread of the worker's main process: sign of life every few seconds, sweep every minute.

    It lives outside the pool, so it goes on while every process of the pool is busy. No process is
    forked while it is inside the database.
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

    def start(self, **_: Any) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Take leave: the row goes, so that nobody waits for this worker."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)
        slots.forget()
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
                    self._beat(sweep=beats % every == 0)
                except DatabaseError as error:
                    log.warning("The worker's sign of life could not be written: %s", error)
                finally:
                    connections.close_all()
            beats += 1
            self._ending.wait(settings.JOB_BEAT_SECONDS)

    def _beat(self, *, sweep: bool) -> None:
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
        if sweep:
            jobs_sweep()
        else:
            jobs_release_gone()
