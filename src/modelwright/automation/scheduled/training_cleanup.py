"""Making good what was lost. Every worker does so too, each minute: this one also says so."""

import datetime as dt
from typing import Any

from django.conf import settings

from modelwright.automation.models import ScheduleRun
from modelwright.automation.rounds import Say
from modelwright.core.clock import now
from modelwright.registry.retention import retention_apply_all
from modelwright.runs.models import JobEvent
from modelwright.runs.states import ENDED
from modelwright.runs.sweep import jobs_sweep

CLEARED_AT_ONCE = 1000


def work(_say: Say) -> dict[str, Any]:
    """Sweep, forget what scheduled jobs did long ago, give up the files that rules let go."""
    swept = jobs_sweep()
    freed = retention_apply_all()
    return {
        "rung": swept.rung,
        "released": swept.released,
        "cancelled": swept.cancelled,
        "forgotten": _forget(),
        "files_given_up": len(freed.versions),
        "bytes_freed": freed.size_bytes,
        "message": f"Jobs given back or failed: {swept.released}; announced again: {swept.rung}"
        + (f"; model files given up: {len(freed.versions)}." if freed.versions else "."),
    }


def _forget() -> int:
    """Delete the old runs of scheduled jobs, some at a time."""
    since = now() - dt.timedelta(days=settings.SCHEDULE_HISTORY_DAYS)
    old = ScheduleRun.objects.filter(created_at__lt=since, status__in=ENDED)
    chosen = list(old.order_by("created_at").values_list("pk", flat=True)[:CLEARED_AT_ONCE])
    JobEvent.objects.filter(job_id__in=chosen).delete()
    ScheduleRun.objects.filter(pk__in=chosen).delete()
    return len(chosen)
