"""How `/docs` describes the scheduler."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from modelwright.api.dataset_docs import NO_PAGE
from modelwright.api.scheduler_serializers import (
    RunNowSerializer,
    ScheduleChangeSerializer,
    SchedulerStatusSerializer,
    ScheduleRunSerializer,
    ScheduleSerializer,
)
from modelwright.api.training_docs import COMMON, THROTTLED, problem
from modelwright.automation.scheduled import SCHEDULED

TAG = "Scheduler"
ID = OpenApiParameter("job_id", OpenApiTypes.STR, OpenApiParameter.PATH, enum=list(SCHEDULED))
NO_JOB = problem(
    "No such scheduled job",
    f"There is no scheduled job 'tea': there are {', '.join(SCHEDULED)}.",
)

STATUS = extend_schema(
    operation_id="scheduler_status",
    tags=[TAG],
    summary="Ask what the scheduler does",
    responses={200: SchedulerStatusSerializer, **COMMON},
)
TRIGGER = extend_schema(
    operation_id="scheduler_trigger",
    tags=[TAG],
    summary="Run a scheduled job now",
    description="Whatever its times are, and also while it is paused.",
    parameters=[ID],
    request=None,
    responses={
        200: OpenApiResponse(
            RunNowSerializer,
            description="Started, or under way already",
            examples=[
                OpenApiExample(
                    "Started",
                    value={
                        "success": True,
                        "job_id": "training_cleanup",
                        "message": "Clean up trainings was started.",
                    },
                    response_only=True,
                )
            ],
        ),
        **COMMON,
        404: NO_JOB,
        429: THROTTLED,
    },
)
DETAIL = extend_schema(
    operation_id="scheduler_job",
    tags=[TAG],
    summary="Read one scheduled job",
    parameters=[ID],
    responses={200: ScheduleSerializer, **COMMON, 404: NO_JOB},
)
CHANGE = extend_schema(
    operation_id="scheduler_job_change",
    tags=[TAG],
    summary="Change a schedule, pause it or go on with it",
    description="Times that lie before the change are not caught up.",
    parameters=[ID],
    request=ScheduleChangeSerializer,
    examples=[
        OpenApiExample(
            "At half past two, in the plant's own time",
            value={"expression": "30 2 * * 0", "timezone": "Europe/Berlin"},
            request_only=True,
        ),
        OpenApiExample("Pause", value={"is_enabled": False}, request_only=True),
    ],
    responses={
        200: ScheduleSerializer,
        **COMMON,
        404: NO_JOB,
        422: problem(
            "The times or the zone can't be meant",
            "Bad minute: write it like '30 0 * * *' for 00:30 every day.",
        ),
        429: THROTTLED,
    },
)
RUNS = extend_schema(
    operation_id="scheduler_job_runs",
    tags=[TAG],
    summary="List what a scheduled job did",
    description="Newest first.",
    parameters=[ID],
    responses={
        200: ScheduleRunSerializer(many=True),
        **COMMON,
        404: OpenApiResponse(
            NO_PAGE.response, description="No such job, or page", examples=NO_PAGE.examples
        ),
    },
)
