"""The runs of scheduled jobs as a kind of job."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.automation.models import ScheduleRun
from modelwright.runs.doorbell import ring
from modelwright.runs.kinds import Fields, JobKind, queues_shared


def schedule_prepare(run: ScheduleRun) -> Fields:
    """Return what the child needs to know."""
    return {"name": run.name, "user_id": run.user_id, "run_id": str(run.pk)}


def schedule_completed_fields(_run: ScheduleRun, result: Mapping[str, Any]) -> Fields:
    """Return the columns of a completed run."""
    return {"result": dict(result)}


def schedule_failed_fields(_run: ScheduleRun) -> Fields:
    """Return the columns of a failed run: none."""
    return {}


def schedule_ended(run: ScheduleRun) -> None:
    """Record the end; ring for what it has queued, as its child could not."""
    audit_record(
        verb=Verb.SCHEDULE_ENDED,
        target=run,
        actor=run.user,
        after={
            "status": run.status,
            "error": run.error_message[:500],
            "message": str(run.result.get("message", ""))[:500],
        },
    )
    transaction.on_commit(_ring_for_all)


def _ring_for_all() -> None:
    for queue in queues_shared():
        for _ in range(settings.JOB_SLOTS):
            ring(queue)


SCHEDULE = JobKind(
    name="schedule",
    model=ScheduleRun,
    queue="schedules",
    work="modelwright.automation.work:work",
    prepare=schedule_prepare,
    completed_fields=schedule_completed_fields,
    failed_fields=schedule_failed_fields,
    ended=schedule_ended,
    is_apart=True,
    uses_database=True,
)
