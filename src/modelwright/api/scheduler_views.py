"""Contract B: the scheduler and its jobs, `/api/v1/scheduler/`."""

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import scheduler_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView, parameters
from modelwright.api.scheduler_serializers import (
    RunNowSerializer,
    ScheduleChangeSerializer,
    SchedulerStatusSerializer,
    ScheduleRunSerializer,
    ScheduleSerializer,
)
from modelwright.automation.models import ScheduleRun
from modelwright.automation.plans import (
    Plan,
    last_runs,
    plan_get,
    plans,
    schedule_runs,
    scheduler_is_running,
)
from modelwright.automation.services import schedule_change, schedule_run_now

SHOWN_TIMES = 3


def _in_short(plan: Plan, last: ScheduleRun | None) -> dict[str, Any]:
    return {
        "id": plan.job.name,
        "name": plan.job.title,
        "next_run": plan.next_run(),
        "trigger": plan.words,
        "last_run": last and (last.started_at or last.created_at),
        "last_status": last and last.status,
    }


def _in_full(plan: Plan) -> Any:
    last = schedule_runs(plan.job.name).first()
    row = plan.schedule
    return ScheduleSerializer(
        {
            **_in_short(plan, last),
            "what": plan.job.what,
            "expression": plan.cron.expression,
            "timezone": plan.cron.timezone,
            "is_enabled": row.is_enabled,
            "is_changed": plan.is_changed,
            "next_runs": plan.next_runs(SHOWN_TIMES),
            "updated_by": row.updated_by and row.updated_by.username,
            "updated_at": row.updated_at if row.updated_by else None,
            "last_message": last.words if last else "",
        }
    ).data


@extend_schema_view(get=docs.STATUS)
class SchedulerStatusView(PerformanceView):
    """What the scheduler does."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, _request: Request) -> Response:
        """Return it."""
        last = last_runs()
        jobs = [_in_short(plan, last.get(plan.job.name)) for plan in plans()]
        body = {
            "enabled": settings.SCHEDULER_ENABLED,
            "running": scheduler_is_running(),
            "job_count": len(jobs),
            "jobs": jobs,
        }
        return Response(SchedulerStatusSerializer(body).data)


@extend_schema_view(post=docs.TRIGGER)
class SchedulerTriggerView(PerformanceView):
    """Running a job now."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request, job_id: str) -> Response:
        """Have it run, or say that it is under way."""
        plan = plan_get(job_id)
        run = schedule_run_now(name=job_id, user=actor_of(request))
        message = (
            f"{plan.job.title} was started."
            if run
            else f"{plan.job.title} is under way already: wait for its end."
        )
        body = {"success": run is not None, "job_id": job_id, "message": message}
        return Response(RunNowSerializer(body).data)


@extend_schema_view(get=docs.DETAIL, patch=docs.CHANGE)
class ScheduleView(PerformanceView):
    """One scheduled job; its times may be changed, and it may be paused."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "PATCH": Action.SCHEDULES_CHANGE}

    def get(self, _request: Request, job_id: str) -> Response:
        """Return it in full."""
        return Response(_in_full(plan_get(job_id)))

    def patch(self, request: Request, job_id: str) -> Response:
        """Change it; times before this moment are not caught up."""
        plan_get(job_id)
        asked = parameters(request, ScheduleChangeSerializer).validated_data
        return Response(_in_full(schedule_change(name=job_id, user=actor_of(request), **asked)))


@extend_schema_view(get=docs.RUNS)
class ScheduleRunListView(PerformanceView, generics.ListAPIView[ScheduleRun]):
    """What a scheduled job did, newest first."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = ScheduleRunSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[ScheduleRun]:
        """Return the runs of the job."""
        return schedule_runs(plan_get(self.kwargs["job_id"]).job.name)
