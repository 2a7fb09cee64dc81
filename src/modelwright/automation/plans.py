"""Reading schedules: what is due when, what ran, and whether anybody watches the clock."""

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from modelwright.automation.cron import Cron, CronError
from modelwright.automation.errors import ScheduleNotFoundError
from modelwright.automation.models import Schedule, SchedulerProcess, ScheduleRun
from modelwright.automation.scheduled import SCHEDULED, ScheduledJob
from modelwright.core.clock import now
from modelwright.runs.names import worker_gone

SCHEDULER_SEEN_WITHIN_SECONDS = 20.0


@dataclass(frozen=True)
class Plan:
    """A scheduled job with its times.

    Parameters
    ----------
    job : ScheduledJob
    schedule : Schedule
        What a person said of it; a row of its own only once somebody or the scheduler wrote it.
    cron : Cron
        The times in force.
    fault : str
        Why they can't be meant, empty where they can.
    """

    job: ScheduledJob
    schedule: Schedule
    cron: Cron
    fault: str = field(default="")

    @property
    def is_on(self) -> bool:
        """Return whether the scheduler runs it."""
        return settings.SCHEDULER_ENABLED and self.schedule.is_enabled and not self.fault

    @property
    def is_changed(self) -> bool:
        """Return whether a person chose other times than the settings'."""
        return bool(self.schedule.expression or self.schedule.timezone)

    @property
    def words(self) -> str:
        """Return the times as people read them."""
        return self.fault or self.cron.words()

    def next_run(self, moment: dt.datetime | None = None) -> dt.datetime | None:
        """Return when it is due next, None where it isn't on."""
        return self.cron.next_after(moment or now()) if self.is_on else None

    def next_runs(self, count: int) -> list[dt.datetime]:
        """Return the times to come, the next first."""
        found: list[dt.datetime] = []
        while len(found) < count and (due := self.next_run(found[-1] if found else None)):
            found.append(due)
        return found

    def due(self, moment: dt.datetime) -> dt.datetime | None:
        """Return the time that should have run by now: the last one, and none before a change."""
        if not self.is_on:
            return None
        last = self.cron.last_until(moment)
        return last if last is not None and last > self.schedule.since else None


def default_expression(name: str) -> str:
    """Return the times that the settings have for a job."""
    return str(settings.SCHEDULES[name])


def cron_of(schedule: Schedule) -> Cron:
    """Return the times in force: a person's, else the settings'."""
    return Cron(
        schedule.expression or default_expression(schedule.name),
        schedule.timezone or settings.SCHEDULE_TIMEZONE,
    )


def plan_of(job: ScheduledJob, schedule: Schedule) -> Plan:
    """Return a job with its times."""
    cron = cron_of(schedule)
    try:
        cron.check()
    except CronError as error:
        return Plan(job, schedule, cron, str(error))
    return Plan(job, schedule, cron)


def plans() -> list[Plan]:
    """Return every scheduled job with its times."""
    rows = {row.name: row for row in Schedule.objects.select_related("updated_by")}
    return [
        plan_of(job, rows.get(job.name) or Schedule(name=job.name)) for job in SCHEDULED.values()
    ]


def plan_get(name: str) -> Plan:
    """Return a scheduled job with its times.

    Raises
    ------
    ScheduleNotFoundError
        There is none of this name.
    """
    if name not in SCHEDULED:
        raise ScheduleNotFoundError(
            f"There is no scheduled job {name[:60]!r}: there are {', '.join(SCHEDULED)}."
        )
    row = Schedule.objects.select_related("updated_by").filter(pk=name).first()
    return plan_of(SCHEDULED[name], row or Schedule(name=name))


def schedule_runs(name: str | None = None) -> QuerySet[ScheduleRun]:
    """Return what scheduled jobs did, newest first, with who asked for it."""
    found = ScheduleRun.objects.select_related("user").order_by("-created_at")
    return found if name is None else found.filter(name=name)


def schedule_run_get(run_id: UUID) -> ScheduleRun:
    """Return one run of a scheduled job.

    Raises
    ------
    ScheduleNotFoundError
        There is none of this id.
    """
    found = schedule_runs().filter(pk=run_id).first()
    if found is None:
        raise ScheduleNotFoundError("There is no such run of a scheduled job.")
    return found


def last_runs() -> dict[str, ScheduleRun]:
    """Return the newest run of each scheduled job that has run."""
    found = {name: schedule_runs(name).first() for name in SCHEDULED}
    return {name: run for name, run in found.items() if run is not None}


def scheduler_seen_at() -> dt.datetime | None:
    """Return when a scheduler was last heard of."""
    return SchedulerProcess.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()


def scheduler_is_running() -> bool:
    """Return whether a scheduler gives a sign of life."""
    within = max(SCHEDULER_SEEN_WITHIN_SECONDS, 4 * settings.SCHEDULER_TICK_SECONDS)
    since = now() - dt.timedelta(seconds=within)
    alive = SchedulerProcess.objects.filter(seen_at__gte=since).values_list("name", flat=True)
    return any(not worker_gone(name) for name in alive)
