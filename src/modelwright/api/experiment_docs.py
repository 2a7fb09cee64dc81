"""How `/docs` describes experiments."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from modelwright.api.dataset_docs import NO_PAGE, uuid_parameter
from modelwright.api.dataset_serializers import ForceQuerySerializer
from modelwright.api.experiment_serializers import (
    ExperimentChangeSerializer,
    ExperimentCreateSerializer,
    ExperimentDetailSerializer,
    ExperimentSerializer,
    ShareRequestSerializer,
    ShareSerializer,
    SharesSerializer,
)
from modelwright.api.training_docs import COMMON, THROTTLED, problem

TAG = "Experiments"
ID = uuid_parameter("experiment_id")
NO_EXPERIMENT = problem("No such experiment", "There is no such experiment.")
BAD = problem(
    "A field is wrong",
    "target_column: The data set 'churn' has no column 'age'. It has id, name.",
)
OTHERS = problem(
    "The account may not, or it belongs to somebody else",
    "This belongs to somebody else's experiment: ask its owner to share it.",
)
CLOSED: dict[Any, Any] = {**COMMON, 403: OTHERS}
HAS_RUNS = problem(
    "There are model runs; `uses` names them",
    "The experiment 'Who leaves?' has 2 model runs: delete them first, or all together with"
    " ?force=true.",
)

LIST = extend_schema(
    operation_id="experiments_list",
    tags=[TAG],
    summary="List the experiments",
    description="One's own and those shared with one, newest first.",
    parameters=[
        OpenApiParameter("search", OpenApiTypes.STR, description="Text in name or description."),
        OpenApiParameter("dataset_id", OpenApiTypes.UUID),
    ],
    responses={200: ExperimentSerializer(many=True), 400: BAD, **COMMON, 404: NO_PAGE},
)
CREATE = extend_schema(
    operation_id="experiments_create",
    tags=[TAG],
    summary="Make an experiment",
    description="Without `task` it is told from the target column.",
    request=ExperimentCreateSerializer,
    examples=[
        OpenApiExample(
            "Who leaves?",
            value={
                "name": "Who leaves?",
                "dataset_id": "0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11",
                "target_column": "churned",
            },
            request_only=True,
        )
    ],
    responses={
        201: ExperimentDetailSerializer,
        400: BAD,
        **CLOSED,
        404: problem("No such data set", "There is no such data set."),
        429: THROTTLED,
    },
)
DETAIL = extend_schema(
    operation_id="experiments_read",
    tags=[TAG],
    summary="Read one experiment",
    parameters=[ID],
    responses={200: ExperimentDetailSerializer, 400: BAD, **CLOSED, 404: NO_EXPERIMENT},
)
CHANGE = extend_schema(
    operation_id="experiments_change",
    tags=[TAG],
    summary="Change an experiment",
    description="Data set, target and task stay as they are once there are model runs.",
    parameters=[ID],
    request=ExperimentChangeSerializer,
    responses={
        200: ExperimentDetailSerializer,
        400: BAD,
        **CLOSED,
        404: NO_EXPERIMENT,
        409: HAS_RUNS,
        429: THROTTLED,
    },
)
DELETE = extend_schema(
    operation_id="experiments_delete",
    tags=[TAG],
    summary="Delete an experiment",
    description="`?force=true` deletes its model runs too; those that run are cancelled.",
    parameters=[ID, ForceQuerySerializer],
    responses={
        204: OpenApiResponse(description="Deleted"),
        400: BAD,
        **CLOSED,
        404: NO_EXPERIMENT,
        409: HAS_RUNS,
        429: THROTTLED,
    },
)
SHARES = extend_schema(
    operation_id="experiments_shares",
    tags=[TAG],
    summary="Read with whom an experiment is shared",
    parameters=[ID],
    responses={200: SharesSerializer, 400: BAD, **CLOSED, 404: NO_EXPERIMENT},
)
SHARE = extend_schema(
    operation_id="experiments_share",
    tags=[TAG],
    summary="Share an experiment",
    description=(
        "With a user or a group, as viewer (looks at it) or editor (trains and searches too). Again"
        " with another level changes it. Only its owner may."
    ),
    parameters=[ID],
    request=ShareRequestSerializer,
    examples=[
        OpenApiExample("With a group", value={"group": "DRH", "level": "viewer"}, request_only=True)
    ],
    responses={201: ShareSerializer, 400: BAD, **CLOSED, 404: NO_EXPERIMENT, 429: THROTTLED},
)
UNSHARE = extend_schema(
    operation_id="experiments_unshare",
    tags=[TAG],
    summary="Take a share away",
    parameters=[ID, OpenApiParameter("share_id", OpenApiTypes.INT, OpenApiParameter.PATH)],
    responses={
        204: OpenApiResponse(description="Taken away"),
        400: BAD,
        **CLOSED,
        404: problem("No such share", "The experiment isn't shared in that way."),
        429: THROTTLED,
    },
)
