"""How `/docs` describes the trainings of machines' models."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from modelwright.api.dataset_docs import NO_PAGE, uuid_parameter
from modelwright.api.job_serializers import (
    MODEL_TYPES,
    JobDetailSerializer,
    JobEventsSerializer,
    JobSerializer,
    RetrainedSerializer,
    RetrainSerializer,
)
from modelwright.api.training_docs import COMMON, ENDED, THROTTLED, problem
from modelwright.api.training_serializers import EventsQuerySerializer
from modelwright.runs.states import Status

TAG = "Model performance"
ID = uuid_parameter("job_id")
JOB = "0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11"
NO_MACHINE = problem("No such machine", "Machine not found")
NO_JOB = problem("No such job", "There is no such training job.")
NOT_A_UUID = problem("The id is no UUID", "job_id is not a valid UUID: '7'.")

TRIGGER = extend_schema(
    operation_id="retrain_trigger",
    tags=[TAG],
    summary="Train a machine's model again",
    description=(
        "Answers at once. Where a training of the same model type and machine is pending or"
        " running, nothing is triggered and `training_job_id` is null. Parameters may stand in the"
        " query string as well."
    ),
    request=RetrainSerializer,
    examples=[
        OpenApiExample(
            "By hand",
            value={"model_type": "baseline", "machine_id": JOB, "reason": "New meter"},
            request_only=True,
        )
    ],
    responses={
        200: OpenApiResponse(
            RetrainedSerializer,
            description="Triggered, or under way already",
            examples=[
                OpenApiExample(
                    "Triggered",
                    value={
                        "triggered": True,
                        "trigger_type": "manual",
                        "reason": "New meter",
                        "training_job_id": JOB,
                        "estimated_completion": "2026-11-21T09:30:04Z",
                    },
                    response_only=True,
                ),
                OpenApiExample(
                    "Under way already",
                    value={
                        "triggered": False,
                        "trigger_type": "manual",
                        "reason": "Training already in progress",
                        "training_job_id": None,
                    },
                    response_only=True,
                ),
            ],
        ),
        **COMMON,
        404: NO_MACHINE,
        422: problem(
            "A value can't be meant, or the machine has no readings (`code` is `no_data`)",
            "No data for this machine (Press 4): send its readings to"
            f" /api/v1/machines/{JOB}/readings first.",
        ),
        429: THROTTLED,
    },
)
LIST = extend_schema(
    operation_id="jobs_list",
    tags=[TAG],
    summary="List the trainings of machines' models",
    description="Newest first.",
    parameters=[
        OpenApiParameter("status", OpenApiTypes.STR, enum=Status.values),
        OpenApiParameter("model_type", OpenApiTypes.STR, enum=MODEL_TYPES),
        OpenApiParameter("machine_id", OpenApiTypes.UUID),
    ],
    responses={
        200: JobSerializer(many=True),
        **COMMON,
        404: OpenApiResponse(
            NO_PAGE.response, description="No such page, or machine", examples=NO_PAGE.examples
        ),
        422: problem("A filter has a value that can't be meant", "machine_id: Not a valid UUID."),
    },
)
DETAIL = extend_schema(
    operation_id="jobs_read",
    tags=[TAG],
    summary="Read one training of a machine's model",
    parameters=[ID],
    responses={200: JobDetailSerializer, **COMMON, 404: NO_JOB, 422: NOT_A_UUID},
)
CANCEL = extend_schema(
    operation_id="jobs_cancel",
    tags=[TAG],
    summary="Cancel a training of a machine's model",
    description=(
        "It has ended as cancelled when this answers, and the next one may be triggered; a fit"
        " that was running is ended within two seconds."
    ),
    parameters=[ID],
    request=None,
    responses={
        200: JobDetailSerializer,
        **COMMON,
        404: NO_JOB,
        409: ENDED,
        422: NOT_A_UUID,
        429: THROTTLED,
    },
)
_SERVER_SENT: Any = OpenApiTypes.STR
EVENTS = extend_schema(
    operation_id="jobs_events",
    tags=[TAG],
    summary="Follow a training of a machine's model",
    description=(
        "With `Accept: text/event-stream` a stream of Server-Sent Events that ends with the job and"
        " goes on after `Last-Event-ID`; else what happened after `after`, oldest first."
    ),
    parameters=[
        ID,
        EventsQuerySerializer,
        OpenApiParameter("Last-Event-ID", OpenApiTypes.STR, OpenApiParameter.HEADER),
    ],
    responses={
        (200, "application/json"): JobEventsSerializer,
        (200, "text/event-stream"): _SERVER_SENT,
        **COMMON,
        404: NO_JOB,
        422: NOT_A_UUID,
    },
)
