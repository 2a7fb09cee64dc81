"""Changing schedules, and writing down what is to run: once for each time that is due."""

import datetime as dt

from django.conf import settings
from django.db import IntegrityError, transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.automation.cron import CronError
from modelwright.automation.models import Schedule, ScheduleRun
from modelwright.automation.plans import Plan, cron_of, plan_get, plans
from modelwright.automation.scheduled import SCHEDULED
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.runs.jobs import job_announce
from modelwright.runs.states import OPEN

BY_HAND_PRIORITY = 10


def schedule_change(
    *,
    name: str,
    user: User | None,
    expression: str | None = None,
    timezone: str | None = None,
    is_enabled: bool | None = None,
) -> Plan:
    """Change times or zone of a scheduled job, pause it or go on with it.

    Parameters
    ----------
    name : str
    user : User or None
    expression, timezone : str, optional
        Empty: as the settings say. None: as it is.
    is_enabled : bool, optional
        False pauses it.

    Returns
    -------
    Plan
        As it is now. Times before this moment are not caught up.

    Raises
    ------
    ScheduleNotFoundError
        There is no such job.
    InvalidInputError
        The times or the zone can't be meant; nothing is changed.
    """
    plan_get(name)
    asked = {"expression": expression, "timezone": timezone, "is_enabled": is_enabled}
    with transaction.atomic():
        Schedule.objects.get_or_create(name=name)
        row = Schedule.objects.select_for_update().get(pk=name)
        before = {field: getattr(row, field) for field in asked}
        for field, value in asked.items():
            if value is not None:
                setattr(row, field, value.strip() if isinstance(value, str) else value)
        _check(row)
        after = {field: getattr(row, field) for field in asked}
        if after != before:
            row.since = row.updated_at = now()
            row.updated_by = user
            row.save()
            audit_record(
                verb=Verb.SCHEDULE_CHANGED, target=row, actor=user, before=before, after=after
            )
    return plan_get(name)


def _check(row: Schedule) -> None:
    try:
        cron_of(row).check()
    except CronError as error:
        field = "timezone" if str(error).startswith("Time zone") else "expression"
        raise InvalidInputError({field: [str(error)]}) from error


def schedule_run_now(*, name: str, user: User | None) -> ScheduleRun | None:
    """Have a scheduled job run now, whatever its times are.

    Returns
    -------
    ScheduleRun or None
        Pending; None where it is pending or running already.

    Raises
    ------
    ScheduleNotFoundError
        There is no such job.
    """
    plan_get(name)
    run = _submit(name=name, due_at=now(), by_hand=True, user=user)
    return run


def open_run(name: str) -> ScheduleRun | None:
    """Return the run of a job that is pending or running."""
    return ScheduleRun.objects.filter(name=name, status__in=OPEN).first()


def schedules_ensure(*, moment: dt.datetime) -> None:
    """Make the row of each job where it is missing; times before it are not caught up.

    A row of a time to come is from a clock that went wrong: it holds from now on.
    """
    known = set(Schedule.objects.values_list("name", flat=True))
    for name in SCHEDULED.keys() - known:
        Schedule.objects.get_or_create(name=name, defaults={"since": moment})
    Schedule.objects.filter(since__gt=moment).update(since=moment)


def schedules_tick(*, moment: dt.datetime) -> list[ScheduleRun]:
    """Write down what is due at `moment` and isn't yet; any number of schedulers may.

    Of several times that were missed, the last one is caught up. A job that is still running when
    its next time comes runs once more when it has ended.
    """
    schedules_ensure(moment=moment)
    written = []
    for plan in plans():
        due = plan.due(moment)
        if due is not None and (run := _submit(name=plan.job.name, due_at=due)):
            written.append(run)
    return written


def schedules_start(*, moment: dt.datetime) -> list[ScheduleRun]:
    """Write down what runs at a scheduler's start; of several in the same minute, once."""
    due = moment.replace(second=0, microsecond=0)
    chosen = [plan for plan in plans() if plan.job.at_start and plan.is_on]
    runs = [_submit(name=plan.job.name, due_at=due) for plan in chosen]
    return [run for run in runs if run is not None]


def _submit(
    *, name: str, due_at: dt.datetime, by_hand: bool = False, user: User | None = None
) -> ScheduleRun | None:
    """Write a pending run; None where there is one for this time, or one that is open.

    The look before only saves the attempt: it is the database's constraints that decide.
    """
    if ScheduleRun.objects.filter(name=name, due_at=due_at, by_hand=by_hand).exists():
        return None
    try:
        with transaction.atomic():
            run = ScheduleRun.objects.create(
                name=name,
                due_at=due_at,
                by_hand=by_hand,
                user=user,
                priority=BY_HAND_PRIORITY if by_hand else 0,
                time_limit_seconds=settings.SCHEDULE_TIME_LIMIT_SECONDS,
                memory_limit_mb=settings.JOB_MEMORY_LIMIT_MB,
            )
            job_announce(run)
            audit_record(
                verb=Verb.SCHEDULE_STARTED,
                target=run,
                actor=user,
                after={"job": name, "due_at": due_at.isoformat(), "by_hand": by_hand},
            )
    except IntegrityError:
        return None
    return run
