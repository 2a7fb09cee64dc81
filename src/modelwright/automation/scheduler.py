"""The scheduler: looks at the clock every few seconds and writes down what is due.

Any number may run; what is due is still run once, as the database allows one run for each time.
"""

import datetime as dt
import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Q

from modelwright import __version__
from modelwright.automation.kind import SCHEDULE
from modelwright.automation.models import SchedulerProcess, ScheduleRun
from modelwright.automation.plans import plans
from modelwright.automation.scheduled import SCHEDULED
from modelwright.automation.services import schedules_start, schedules_tick
from modelwright.automation.work import scheduled_work
from modelwright.core.clock import now
from modelwright.runs.jobs import Claim, job_beat, job_claim, job_end
from modelwright.runs.names import host_name, worker_gone, worker_name
from modelwright.runs.states import Status
from modelwright.runs.sweep import lost_release

log = logging.getLogger(__name__)

KEPT = dt.timedelta(days=1)

_hooks: list[Callable[[], object]] = []


def on_round(hook: Callable[[], object]) -> None:
    """Have `hook()` called at every round, each few seconds by each scheduler; it is quick."""
    _hooks.append(hook)


def scheduler_run() -> None:
    """Watch the clock in this process until it is told to stop."""
    ending = threading.Event()

    def stop(*_: Any) -> None:
        ending.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    for plan in plans():
        if plan.fault:
            log.error("The schedule of %s can't be used: %s", plan.job.name, plan.fault)
    started = False
    while not ending.is_set():
        try:
            scheduler_sign()
            if not started:
                schedules_start(moment=now())
                started = True
            scheduler_round(moment=now())
            for hook in _hooks:
                hook()
        except DatabaseError as error:
            log.warning("The schedules could not be looked at: %s", error)
            connections.close_all()
        ending.wait(_pause())
    _leave()


def _pause() -> float:
    """Return the seconds to the next look: when something is due, and not much later than said."""
    moment = now()
    longest: float = settings.SCHEDULER_TICK_SECONDS
    try:
        coming = [due for plan in plans() if (due := plan.next_run(moment))]
    except DatabaseError:
        return longest
    waits = [(due - moment).total_seconds() for due in coming]
    return max(min([longest, *waits]), 0.05)


def scheduler_round(*, moment: dt.datetime) -> None:
    """Write down what is due, and do what is light here and now.

    What was light and broke off is given back here, too: no worker may be there to do so.
    """
    schedules_tick(moment=moment)
    lost_release(SCHEDULE)
    light = [job.name for job in SCHEDULED.values() if job.is_light]
    waiting = ScheduleRun.objects.filter(status=Status.PENDING, name__in=light)
    for run in waiting.order_by("-priority", "created_at"):
        claim = job_claim(queue=SCHEDULE.queue, worker=worker_name(), only=run.pk)
        if claim is not None:
            _execute(claim, run)


def _execute(claim: Claim, run: ScheduleRun) -> None:
    def say(_percent: float, _what: str) -> None:
        job_beat(claim)

    try:
        result = scheduled_work(SCHEDULE.prepare(run), say)
    except DatabaseError:
        raise  # the sweep gives it back
    except Exception as error:  # the edge: the scheduler goes on
        log.exception("%s failed", run)
        job_end(
            claim, Status.FAILED, error_type=type(error).__name__, error_message=str(error)[:2000]
        )
    else:
        fields = SCHEDULE.completed_fields(run, result)
        job_end(claim, Status.COMPLETED, progress_percent=100.0, **fields)


def scheduler_sign() -> None:
    """Write the sign of life, and forget who has ended, or gave none for a day."""
    SchedulerProcess.objects.update_or_create(
        name=worker_name(),
        defaults={
            "hostname": host_name(),
            "pid": os.getpid(),
            "version": __version__,
            "seen_at": now(),
        },
    )
    others = SchedulerProcess.objects.exclude(pk=worker_name())
    gone = [name for name in others.values_list("name", flat=True) if worker_gone(name)]
    others.filter(Q(pk__in=gone) | Q(seen_at__lt=now() - KEPT)).delete()


def _leave() -> None:
    try:
        SchedulerProcess.objects.filter(pk=worker_name()).delete()
    except DatabaseError as error:
        log.warning("The scheduler could not sign off: %s", error)
    finally:
        connections.close_all()
