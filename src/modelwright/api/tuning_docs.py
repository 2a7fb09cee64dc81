"""How `/docs` describes searches for hyperparameters."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from modelwright.api.dataset_docs import NO_PAGE, uuid_parameter
from modelwright.api.experiment_docs import OTHERS
from modelwright.api.job_status import WORDS
from modelwright.api.model_serializers import ModelAcceptedSerializer
from modelwright.api.training_docs import COMMON, THROTTLED, problem
from modelwright.api.tuning_serializers import (
    EXPORTS,
    ContinueSerializer,
    ImportancesSerializer,
    ResultsQuerySerializer,
    TrainBestSerializer,
    TrialsQuerySerializer,
    TrialsSerializer,
    TuneAcceptedSerializer,
    TuneSerializer,
    TuningListSerializer,
    TuningResultsSerializer,
    TuningStatusSerializer,
)

TAG = "Tuning"
ID = uuid_parameter("tuning_run_id")
NO_RUN = problem("No such search", "There is no such tuning run.")
NOT_A_UUID = problem("The id is no UUID", "tuning_run_id is not a valid UUID: '7'.")
CLOSED: dict[Any, Any] = {**COMMON, 403: OTHERS}
RUN = "0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11"
GRID = {"n_estimators": [50, 100, 200], "max_depth": [5, 10, None]}

TUNE = extend_schema(
    operation_id="tuning_tune",
    tags=[TAG],
    summary="Search for better hyperparameters of a completed model run",
    description=(
        "Answers at once; ask `/status` how far it is. `grid_search` gives for every combination"
        " the fold scores of scikit-learn's `GridSearchCV` with the same splitter and random state."
    ),
    request=TuneSerializer,
    examples=[
        OpenApiExample(
            "A grid",
            value={
                "model_run_id": RUN,
                "tuning_method": "grid_search",
                "param_grid": GRID,
                "cv_folds": 5,
                "scoring_metric": "accuracy",
            },
            request_only=True,
        ),
        OpenApiExample(
            "Thirty trials, each chosen by those before it",
            value={
                "model_run_id": RUN,
                "tuning_method": "bayesian",
                "param_grid": {"n_estimators": {"low": 50, "high": 500, "step": 50}},
                "n_iter": 30,
                "timeout_seconds": 600,
            },
            request_only=True,
        ),
    ],
    responses={
        202: TuneAcceptedSerializer,
        400: problem("A field is wrong", "n_estimators: the list of choices is empty"),
        **CLOSED,
        404: problem("No such model run", "There is no such model run."),
        429: THROTTLED,
    },
)
LIST = extend_schema(
    operation_id="tuning_list",
    tags=[TAG],
    summary="List the searches",
    description="Those on model runs that one may see, newest first.",
    parameters=[
        OpenApiParameter("model_run_id", OpenApiTypes.UUID),
        OpenApiParameter("status", OpenApiTypes.STR, enum=WORDS),
    ],
    responses={
        200: TuningListSerializer(many=True),
        400: problem("A filter can't be meant", "model_run_id: Not a valid UUID."),
        **CLOSED,
        404: NO_PAGE,
    },
)
DETAIL = extend_schema(
    operation_id="tuning_read",
    tags=[TAG],
    summary="Read one search",
    parameters=[ID],
    responses={200: TuningListSerializer, 400: NOT_A_UUID, **CLOSED, 404: NO_RUN},
)
DELETE = extend_schema(
    operation_id="tuning_delete",
    tags=[TAG],
    summary="Delete a search",
    description=(
        "With its trials; one that goes on still is ended. For the experiment's owner; of the"
        " shared pool, for administrators."
    ),
    parameters=[ID],
    responses={
        204: OpenApiResponse(description="Deleted"),
        400: NOT_A_UUID,
        **CLOSED,
        404: NO_RUN,
        429: THROTTLED,
    },
)
STATUS = extend_schema(
    operation_id="tuning_status",
    tags=[TAG],
    summary="Ask how far a search is",
    parameters=[ID],
    responses={200: TuningStatusSerializer, 400: NOT_A_UUID, **CLOSED, 404: NO_RUN},
)
RESULTS = extend_schema(
    operation_id="tuning_results",
    tags=[TAG],
    summary="Read what a completed search found",
    parameters=[ID, ResultsQuerySerializer],
    responses={
        200: TuningResultsSerializer,
        400: problem("It has not completed", "The search has not completed: it is running."),
        **CLOSED,
        404: NO_RUN,
    },
)
TRIALS = extend_schema(
    operation_id="tuning_trials",
    tags=[TAG],
    summary="Read what a search has tried so far, ended or not",
    parameters=[ID, TrialsQuerySerializer],
    responses={200: TrialsSerializer, 400: NOT_A_UUID, **CLOSED, 404: NO_RUN},
)
IMPORTANCE = extend_schema(
    operation_id="tuning_importance",
    tags=[TAG],
    summary="Read how much each parameter matters",
    description="The share of the scores' variance that goes with the parameter alone.",
    parameters=[ID],
    responses={200: ImportancesSerializer, 400: NOT_A_UUID, **CLOSED, 404: NO_RUN},
)
EXPORT = extend_schema(
    operation_id="tuning_export",
    tags=[TAG],
    summary="Download all trials as CSV, or the best as Python code",
    parameters=[ID, OpenApiParameter("format", OpenApiTypes.STR, enum=EXPORTS)],
    responses={
        (200, "text/csv"): OpenApiTypes.STR,
        (200, "text/x-python"): OpenApiTypes.STR,
        400: problem("Nothing could be scored yet", "The search has no best combination."),
        **CLOSED,
        404: NO_RUN,
    },
)
CANCEL = extend_schema(
    operation_id="tuning_cancel",
    tags=[TAG],
    summary="End a search, keeping what it found",
    parameters=[ID],
    request=None,
    responses={
        200: OpenApiResponse(TuneAcceptedSerializer, description="Cancelled"),
        400: problem("It has ended", "The search has already ended (completed)."),
        **CLOSED,
        404: NO_RUN,
        429: THROTTLED,
    },
)
CONTINUE = extend_schema(
    operation_id="tuning_continue",
    tags=[TAG],
    summary="Go on where a search stopped, or finer around its best",
    description=(
        "Makes a search of its own. With the same grid the trials of the old one are taken over;"
        " with another grid they are what the new one learns from."
    ),
    parameters=[ID],
    request=ContinueSerializer,
    responses={
        202: TuneAcceptedSerializer,
        400: problem("It goes on still, or has nothing left to try", "The search has not ended."),
        **CLOSED,
        404: NO_RUN,
        429: THROTTLED,
    },
)
TRAIN_BEST = extend_schema(
    operation_id="tuning_train_best",
    tags=[TAG],
    summary="Train the best combination and make it a version",
    parameters=[ID],
    request=TrainBestSerializer,
    responses={
        202: ModelAcceptedSerializer,
        400: problem("There is no best yet", "The search has no best combination (running)."),
        **CLOSED,
        404: NO_RUN,
        409: problem(
            "A training of the same model type runs already",
            "A training of the same subject is pending or running (run 9): wait for it to end, or"
            " cancel it.",
        ),
        429: THROTTLED,
    },
)
