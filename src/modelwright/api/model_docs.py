"""How `/docs` describes model runs."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from modelwright.api.dataset_docs import NO_PAGE, uuid_parameter
from modelwright.api.experiment_docs import OTHERS
from modelwright.api.job_status import WORDS
from modelwright.api.model_serializers import (
    ModelAcceptedSerializer,
    ModelImportanceSerializer,
    ModelListSerializer,
    ModelMetricsSerializer,
    ModelSerializer,
    ModelStatusSerializer,
    ModelTrainSerializer,
)
from modelwright.api.training_docs import COMMON, THROTTLED, problem

TAG = "Models"
ID = uuid_parameter("run_id")
NO_RUN = problem("No such model run", "There is no such model run.")
NOT_A_UUID = problem("The id is no UUID", "run_id is not a valid UUID: '7'.")
NOT_YET = problem(
    "The id is no UUID, or the run has not completed",
    "The model run has not completed: it is running.",
)
CLOSED: dict[Any, Any] = {**COMMON, 403: OTHERS}
RUN = "0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11"

TRAIN = extend_schema(
    operation_id="models_train",
    tags=[TAG],
    summary="Train a model for an experiment",
    description=(
        "Answers at once; ask `/status` how far it is. The owner of the experiment may, and its"
        " editors."
    ),
    request=ModelTrainSerializer,
    examples=[
        OpenApiExample(
            "A forest",
            value={
                "experiment_id": RUN,
                "model_type": "random_forest",
                "hyperparameters": {"n_estimators": 200},
                "test_size": 0.2,
            },
            request_only=True,
        )
    ],
    responses={
        202: ModelAcceptedSerializer,
        400: problem(
            "A field is wrong",
            "Logistic regression can't do regression, which this experiment asks for: use one of"
            " extra_trees, random_forest, ridge",
        ),
        **CLOSED,
        404: problem("No such experiment", "There is no such experiment."),
        409: problem(
            "A training of the same model type runs already",
            "A training of the same subject is pending or running (run 9): wait for it to end, or"
            " cancel it.",
        ),
        429: THROTTLED,
    },
)
STATUS = extend_schema(
    operation_id="models_train_status",
    tags=[TAG],
    summary="Ask how far a training is",
    parameters=[ID],
    responses={200: ModelStatusSerializer, 400: NOT_A_UUID, **CLOSED, 404: NO_RUN},
)
METRICS = extend_schema(
    operation_id="models_train_metrics",
    tags=[TAG],
    summary="Read how good a model is",
    description="Measured on the rows that were kept for the evaluation.",
    parameters=[ID],
    responses={200: ModelMetricsSerializer, 400: NOT_YET, **CLOSED, 404: NO_RUN},
)
IMPORTANCE = extend_schema(
    operation_id="models_train_feature_importance",
    tags=[TAG],
    summary="Read how much each column matters to a model",
    parameters=[ID],
    responses={200: ModelImportanceSerializer, 400: NOT_YET, **CLOSED, 404: NO_RUN},
)
LIST = extend_schema(
    operation_id="models_list",
    tags=[TAG],
    summary="List the model runs",
    description="Those of the experiments that one may see, newest first.",
    parameters=[
        OpenApiParameter("experiment_id", OpenApiTypes.UUID),
        OpenApiParameter("status", OpenApiTypes.STR, enum=WORDS),
    ],
    responses={
        200: ModelListSerializer(many=True),
        400: problem(
            "A filter has a value that can't be meant", "experiment_id: Not a valid UUID."
        ),
        **COMMON,
        404: NO_PAGE,
    },
)
DETAIL = extend_schema(
    operation_id="models_read",
    tags=[TAG],
    summary="Read one model run",
    parameters=[ID],
    responses={200: ModelSerializer, 400: NOT_A_UUID, **CLOSED, 404: NO_RUN},
)
DELETE = extend_schema(
    operation_id="models_delete",
    tags=[TAG],
    summary="Delete a model run",
    description=(
        "With its searches, its version and its file. One that is pending or running is cancelled"
        " first. Only the owner of the experiment may."
    ),
    parameters=[ID],
    responses={
        204: OpenApiResponse(description="Deleted"),
        400: NOT_A_UUID,
        **CLOSED,
        404: NO_RUN,
        409: problem("Its model is in use", "The model of run 10 is still in use."),
        429: THROTTLED,
    },
)
