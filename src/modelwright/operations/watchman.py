"""Alerts about the server itself: its parts watch each other, since none can report its own end.

Each worker looks after the scheduler once a minute; the scheduler looks after the workers every few
seconds, and tells people itself while no worker is there to do so. Both look at the disk and at
what should have run. How long and how full is too much is said by alert rules, as for other alerts.
Who watches both at once stands outside: `/readyz` and `/metrics`.
"""

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connections

from modelwright.accounts.notifications.delivery import notices_deliver
from modelwright.accounts.notifications.outbox import notices_due
from modelwright.automation.plans import Plan, scheduler_is_running
from modelwright.core.clock import now
from modelwright.monitoring.alert_types import DEFAULTS, AlertType
from modelwright.monitoring.alerts import Finding, alert_clear, alert_raise
from modelwright.operations import vitals
from modelwright.runs.names import host_name
from modelwright.runs.selectors import workers_alive
from modelwright.runs.states import Status

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
DELIVER_SECONDS = 20.0


class Watchman:
    """One part's look at the others.

    Parameters
    ----------
    missed : AlertType
        The alert about who is watched.
    is_there : callable
        `is_there()`: whether they give a sign of life.
    message : str
        What is said where they don't, and what to do.
    tells : bool
        Whether this one delivers notices while they are away.
    instant : callable
        Seconds of a clock that never jumps: an hour put forward isn't an hour of silence.
    """

    def __init__(
        self,
        missed: AlertType,
        is_there: Callable[[], bool],
        message: str,
        *,
        tells: bool = False,
        instant: Callable[[], float] = time.monotonic,
    ) -> None:
        self._missed = missed
        self._is_there = is_there
        self._message = message
        self._instant = instant
        self._tells = tells
        self._looked = float("-inf")
        self._since: float | None = None
        self._seen = 0.0
        self._telling: threading.Thread | None = None

    def look(self) -> None:
        """Look, unless it has been done a moment ago; never raises."""
        instant = self._instant()
        if instant - self._looked < LOOK_SECONDS:
            return
        self._looked = instant
        if self._since is None:
            self._since = self._seen = instant  # what was before the first look isn't held against
        try:
            self._others(instant)
            disks_watch()
            schedules_watch(moment=now(), watched_minutes=(instant - self._since) / 60)
        except DatabaseError as error:
            log.warning("The server's own state could not be looked at: %s", error)

    def _others(self, instant: float) -> None:
        if self._is_there():
            self._seen = instant
            alert_clear(self._missed, "", reason="It gives signs of life again.")
            return
        minutes = (instant - self._seen) / 60
        alert_raise(Finding(self._missed, None, self._message, value=round(minutes, 1)))
        if self._tells and notices_due().exists():
            self._tell()

    def _tell(self) -> None:
        """Deliver in a thread: a receiver that is slow must not hold up the clock."""
        if self._telling is not None and self._telling.is_alive():
            return
        self._telling = threading.Thread(target=_deliver, name="telling", daemon=True)
        self._telling.start()


def _deliver() -> None:
    try:
        notices_deliver(seconds=DELIVER_SECONDS)
    except DatabaseError as error:
        log.warning("Notices could not be delivered: %s", error)
    finally:
        connections.close_all()


def disks_watch() -> None:
    """Raise an alert for each disk that is nearly full, and close those of others."""
    for disk in vitals.disks():
        where = f"{host_name()}:{disk.path}"
        used = 0.0 if disk.is_plenty else round(disk.used_percent, 1)
        text = (
            f"The disk of {disk.path} on {host_name()} is {used:.0f} % full,"
            f" {disk.free // vitals.MIB} MB are free: make room before jobs fail."
        )
        raised = alert_raise(Finding(AlertType.DISK_FULL, None, text, value=used, part=where))
        if raised is None:
            alert_clear(AlertType.DISK_FULL, where, reason="There is room again.")


def schedules_watch(*, moment: dt.datetime, watched_minutes: float) -> None:
    """Raise an alert for each scheduled job whose last time passed without a good run.

    Parameters
    ----------
    moment : datetime
    watched_minutes : float
        For how long somebody has been looking: after a start, what is overdue has time to be
        caught up.
    """
    for plan, _ in vitals.scheduled():
        name = plan.job.name
        what, minutes = schedule_missed(plan, moment, watched_minutes)
        finding = Finding(AlertType.SCHEDULE_MISSED, None, what, value=minutes, part=name)
        if not what or alert_raise(finding) is None:
            reason = "It runs as it should."
            alert_clear(AlertType.SCHEDULE_MISSED, name, reason=reason)


def schedule_missed(
    plan: Plan, moment: dt.datetime, watched_minutes: float = float("inf")
) -> tuple[str, float]:
    """Say what is wrong with the last time that was due, and for how many minutes; or nothing."""
    due = plan.due(moment)
    if due is None:
        return "", 0.0
    run = vitals.scheduled_run(plan.job.name, due)
    late = (moment - due).total_seconds() / 60
    minutes = round(min(late, watched_minutes), 1)
    title = f"{plan.job.title}, due {due:%Y-%m-%d %H:%M} UTC,"
    if run is None:
        return f"{title} has not run: look at the scheduler.", minutes
    if run.status == Status.PENDING:
        return f"{title} still waits: look at the workers.", minutes
    if run.status == Status.FAILED:
        known_at = DEFAULTS[AlertType.SCHEDULE_MISSED].warning_at or 0.0  # at once
        return f"{title} failed: {run.error_message[:300]}", round(max(late, known_at), 1)
    return "", 0.0


def _worker_is_there() -> bool:
    return workers_alive().exists()


def _scheduler_is_there() -> bool:
    return not settings.SCHEDULER_ENABLED or scheduler_is_running()


of_scheduler = Watchman(
    AlertType.NO_WORKER,
    _worker_is_there,
    "No worker gives a sign of life: jobs wait. Start `modelwright worker`, or look at its log.",
    tells=True,
)
of_worker = Watchman(
    AlertType.SCHEDULER_SILENT,
    _scheduler_is_there,
    "No scheduler gives a sign of life: nothing is run by the clock. Start `modelwright"
    " scheduler`, or look at its log.",
)
