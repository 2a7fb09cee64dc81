"""How `/docs` describes contract A: every answer with its body and an example."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)

from modelwright.api.training_serializers import (
    EventsQuerySerializer,
    EventsSerializer,
    InvalidRequestSerializer,
    NotesSerializer,
    ProblemSerializer,
    TrainedSerializer,
    TrainingFailedSerializer,
    TrainingOpenSerializer,
    TrainingRunListSerializer,
    TrainingRunSerializer,
    TrainRequestSerializer,
)

TAG = "Training"


def problem(description: str, detail: str) -> OpenApiResponse:
    """Return the description of an answer `{"detail": …}`."""
    return OpenApiResponse(
        ProblemSerializer,
        description=description,
        examples=[OpenApiExample(description, value={"detail": detail}, response_only=True)],
    )


UNAUTHENTICATED = problem("No credentials", "Authentication credentials were not provided.")
FORBIDDEN = problem(
    "The account may not",
    "Your account may not do this: ask an administrator for a group that may.",
)
NOT_FOUND = problem("No such run", "Not found.")
THROTTLED = problem(
    "Too many writes; `Retry-After` says when to try again",
    "Request was throttled. Expected available in 12 seconds.",
)
ENDED = problem("The run has ended already", "Run 10 has already ended (completed).")
COMMON: dict[Any, Any] = {401: UNAUTHENTICATED, 403: FORBIDDEN}


def _answer(serializer: Any, description: str, **examples: Any) -> OpenApiResponse:
    return OpenApiResponse(
        serializer,
        description=description,
        examples=[
            OpenApiExample(name.replace("_", " "), value=value, response_only=True)
            for name, value in examples.items()
        ],
    )


METRICS = {
    "accuracy": 0.9861,
    "precision": 0.9867,
    "recall": 0.9861,
    "f1_score": 0.9862,
    "training_duration_seconds": 0.25,
}
_ROW = {
    "id": 10,
    "run_date": "2026-11-21T09:30:00Z",
    "model_version": "v3.0",
    "status": "COMPLETED",
    **METRICS,
    "trained_by_username": "ann",
}
_FULL = {
    **_ROW,
    "model_path": "artifacts/models/v3.0.pkl",
    "dataset_path": "artifacts/datasets/future_skills_dataset.csv",
    "error_message": "",
    "total_samples": 357,
    "train_samples": 285,
    "test_samples": 72,
    "test_split": 0.2,
    "n_estimators": 100,
    "random_state": 42,
    "hyperparameters": {"n_estimators": 100, "max_depth": None, "class_weight": "balanced"},
    "per_class_metrics": {
        "HIGH": {
            "accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1_score": 1.0, "support": 24,
        }
    },
    "confusion_matrix": {"labels": ["HIGH", "LOW", "MEDIUM"], "matrix": [[24, 0, 0]]},
    "feature_importance": {"trend_score": 0.31, "scarcity_index": 0.22},
    "features_used": ["trend_score", "scarcity_index"],
    "notes": "Quarterly refresh",
}  # fmt: skip

TRAIN = extend_schema(
    operation_id="training_train",
    tags=[TAG],
    summary="Train the future-skills classifier",
    description=(
        "Answers when the training has ended. Where it outlasts the wait (30 s unless the server"
        " is set otherwise; `Prefer: wait=N` shortens it, `wait=0` doesn't wait at all), the answer"
        " is 202 and `Location` has the run's address. Needs a group that may train."
    ),
    request=TrainRequestSerializer,
    parameters=[
        OpenApiParameter(
            "Prefer",
            OpenApiTypes.STR,
            OpenApiParameter.HEADER,
            description="`wait=N`: wait at most N seconds (RFC 7240).",
        )
    ],
    examples=[
        OpenApiExample("All defaults", value={}, request_only=True),
        OpenApiExample(
            "A forest of 200 trees",
            value={
                "model_version": "v3.0",
                "test_split": 0.2,
                "hyperparameters": {"n_estimators": 200, "max_depth": 12},
                "notes": "Quarterly refresh",
            },
            request_only=True,
        ),
    ],
    responses={
        201: _answer(
            TrainedSerializer,
            "Trained",
            Trained={
                "training_run_id": 10,
                "status": "COMPLETED",
                "message": "Training completed successfully in 0.25s",
                "model_version": "v3.0",
                "metrics": METRICS,
            },
        ),
        202: _answer(
            TrainingOpenSerializer,
            "It goes on; `Location` has the run's address",
            Goes_on={
                "training_run_id": 10,
                "status": "RUNNING",
                "message": "Training goes on: ask at the address in Location",
                "model_version": "v3.0",
            },
        ),
        400: OpenApiResponse(
            PolymorphicProxySerializer(
                component_name="TrainingRefused",
                serializers=[InvalidRequestSerializer, TrainingFailedSerializer],
                resource_type_field_name=None,
            ),
            description=(
                "A field is wrong (nothing is recorded), or the data can't be used (a failed run"
                " is recorded; the body is that of 500)"
            ),
            examples=[
                OpenApiExample(
                    "A field is wrong",
                    value={
                        "error": "Invalid request data",
                        "details": {"hyperparameters": ["n_estimators must be between 1 and 1000"]},
                    },
                    response_only=True,
                ),
                OpenApiExample(
                    "The data can't be used",
                    value={
                        "training_run_id": 10,
                        "status": "FAILED",
                        "message": "Training failed: the data can't be used",
                        "error": (
                            "Target column 'future_need_level' not found in dataset."
                            " Available columns: a, b"
                        ),
                    },
                    response_only=True,
                ),
            ],
        ),
        **COMMON,
        409: _answer(
            TrainingFailedSerializer,
            "A training of the same data runs already, or this one was cancelled",
            Already_running={
                "training_run_id": 9,
                "status": "RUNNING",
                "message": "A training of the same subject is pending or running (run 9).",
                "error": "Training already in progress",
            },
        ),
        429: THROTTLED,
        500: _answer(
            TrainingFailedSerializer,
            "The fit failed; the run is recorded",
            The_fit_failed={
                "training_run_id": 10,
                "status": "FAILED",
                "message": "Training failed",
                "error": "The run took longer than its limit of 1800 s.",
            },
        ),
    },
)
LIST = extend_schema(
    operation_id="training_runs_list",
    tags=[TAG],
    summary="List the training runs",
    description="Newest first, 20 a page (at most 100). Needs a group that may view.",
    responses={
        200: TrainingRunListSerializer(many=True),
        400: OpenApiResponse(
            OpenApiTypes.OBJECT,
            description="A filter has a value that can't be meant",
            examples=[
                OpenApiExample(
                    "Unknown status",
                    value={
                        "status": [
                            "Select a valid choice. DONE is not one of the available choices."
                        ]
                    },
                    response_only=True,
                    status_codes=["400"],
                )
            ],
        ),
        **COMMON,
        404: problem("No such page", "Invalid page."),
    },
    examples=[OpenApiExample("A run", value=_ROW, response_only=True, status_codes=["200"])],
)
DETAIL = extend_schema(
    operation_id="training_run",
    tags=[TAG],
    summary="Read one training run",
    responses={
        200: _answer(TrainingRunSerializer, "The run", A_run=_FULL),
        **COMMON,
        404: NOT_FOUND,
    },
)
NOTES = extend_schema(
    operation_id="training_run_change_notes",
    tags=[TAG],
    summary="Change the notes of a training run",
    request=NotesSerializer,
    examples=[OpenApiExample("Notes", value={"notes": "Promoted in May"}, request_only=True)],
    responses={
        200: _answer(TrainingRunSerializer, "The run", A_run=_FULL),
        400: _answer(
            InvalidRequestSerializer,
            "A field is wrong",
            A_field_is_wrong={
                "error": "Invalid request data",
                "details": {"notes": ["Not a valid string."]},
            },
        ),
        **COMMON,
        404: NOT_FOUND,
        429: THROTTLED,
    },
)
_CANCELLED = {"training_run_id": 10, "status": "CANCELLED", "message": "Training was cancelled"}
CANCEL = extend_schema(
    operation_id="training_run_cancel",
    tags=[TAG],
    summary="Cancel a training run",
    description="A pending run is cancelled at once (200), a running one within 2 s (202).",
    request=None,
    responses={
        200: _answer(OpenApiTypes.OBJECT, "Cancelled", Cancelled=_CANCELLED),
        202: _answer(
            OpenApiTypes.OBJECT,
            "Being cancelled",
            Being_cancelled={
                **_CANCELLED, "status": "RUNNING", "message": "Training is being cancelled",
            },
        ),
        **COMMON,
        404: NOT_FOUND,
        409: ENDED,
        429: THROTTLED,
    },
)  # fmt: skip
EVENTS = extend_schema(
    operation_id="training_run_events",
    tags=[TAG],
    summary="Read what happened to a training run",
    description="Ask again with `after` set to `last_id`; the run has ended when `status` says so.",
    parameters=[EventsQuerySerializer],
    responses={
        200: _answer(
            EventsSerializer,
            "Events, oldest first",
            Progress={
                "training_run_id": 10,
                "status": "RUNNING",
                "events": [
                    {
                        "id": 512,
                        "kind": "progress",
                        "at": "2026-11-21T09:30:01Z",
                        "attempt": 1,
                        "data": {"percent": 40.0, "step": "fit", "message": "40 of 100 trees"},
                    }
                ],
                "last_id": 512,
            },
        ),
        400: _answer(
            InvalidRequestSerializer,
            "A parameter is wrong",
            A_parameter_is_wrong={
                "error": "Invalid request data",
                "details": {"after": ["A valid integer is required."]},
            },
        ),
        **COMMON,
        404: NOT_FOUND,
    },
)
ARTIFACT = extend_schema(
    operation_id="training_run_artifact",
    tags=[TAG],
    summary="Download the model of a training run",
    description=(
        "The file as it was saved, for `joblib.load`; `ETag` is its SHA-256, which is checked"
        " before a byte is sent. A pickle is code: load it only where you trust this server."
    ),
    responses={
        (200, "application/octet-stream"): OpenApiTypes.BINARY,
        **COMMON,
        404: problem("No such run, or it made no model", "Run 10 made no model."),
        409: problem(
            "The file is not the one that was recorded",
            "The file of version v3.0 is not the one that was recorded: it can't be used.",
        ),
    },
)
