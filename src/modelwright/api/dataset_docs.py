"""How `/docs` describes data sets."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)

from modelwright.api.dataset_serializers import (
    DataSetDetailSerializer,
    DataSetPathSerializer,
    DataSetSerializer,
    DataSetUploadSerializer,
    ForceQuerySerializer,
    PreviewQuerySerializer,
    PreviewSerializer,
    ProfileQuerySerializer,
    ProfileSerializer,
)
from modelwright.api.training_docs import COMMON, THROTTLED, problem

TAG = "Data sets"
NO_DATASET = problem("No such data set", "There is no such data set.")
NOT_A_UUID = problem("The id is no UUID", "dataset_id is not a valid UUID: '7'.")
NO_PAGE = problem("No such page", "Invalid page.")
OTHERS = problem(
    "The account may not, or it belongs to somebody else",
    "This data set belongs to somebody else: ask for a share of it.",
)
CLOSED: dict[Any, Any] = {**COMMON, 403: OTHERS}


def uuid_parameter(name: str) -> OpenApiParameter:
    """Return the description of an id in the address."""
    return OpenApiParameter(name, OpenApiTypes.UUID, OpenApiParameter.PATH)


ID = uuid_parameter("dataset_id")

LIST = extend_schema(
    operation_id="datasets_list",
    tags=[TAG],
    summary="List the data sets",
    description="One's own, and those of experiments shared with one; newest first.",
    parameters=[
        OpenApiParameter("search", OpenApiTypes.STR, description="Text in the name."),
    ],
    responses={200: DataSetSerializer(many=True), **COMMON, 404: NO_PAGE},
)
CREATE_PROBLEMS: dict[Any, Any] = {
    400: problem(
        "The file can't be used",
        "Row 20 has 3 cells but the header has 12. Check its quotes and delimiter.",
    ),
    **COMMON,
    413: problem(
        "The file is too large",
        "The file is larger than the limit of 536,870,912 bytes: leave out rows or columns.",
    ),
    429: THROTTLED,
    503: problem(
        "All readers are taken; `Retry-After` says when to try again",
        "The server is reading other tables: try again in a moment.",
    ),
    507: problem("The disk is full", "The file can't be stored: No space left on device."),
}
CREATE = extend_schema(
    operation_id="datasets_create",
    tags=[TAG],
    summary="Hand in a data set",
    description=(
        "A CSV or Parquet file as multipart field `file`, or `path` of one below the data root,"
        " which is copied. Other content under the same name is its next version."
    ),
    request={
        "multipart/form-data": DataSetUploadSerializer,
        "application/json": DataSetPathSerializer,
    },
    responses={201: DataSetSerializer, **CREATE_PROBLEMS},
)
DETAIL = extend_schema(
    operation_id="datasets_read",
    tags=[TAG],
    summary="Read one data set",
    parameters=[ID],
    responses={200: DataSetDetailSerializer, 400: NOT_A_UUID, **CLOSED, 404: NO_DATASET},
)
DELETE = extend_schema(
    operation_id="datasets_delete",
    tags=[TAG],
    summary="Delete a data set",
    description="`?force=true` deletes the experiments on it and their model runs too.",
    parameters=[ID, ForceQuerySerializer],
    responses={
        204: OpenApiResponse(description="Deleted"),
        400: NOT_A_UUID,
        **CLOSED,
        404: NO_DATASET,
        409: OpenApiResponse(
            OpenApiTypes.OBJECT,
            description="Experiments hang on it; `uses` names them",
            examples=[
                OpenApiExample(
                    "Still used",
                    value={
                        "detail": (
                            "The data set 'churn' is used by 1 experiment: delete them first, or"
                            " all together with ?force=true."
                        ),
                        "code": "still_used",
                        "uses": ["experiment 'Who leaves?' with 2 model runs"],
                    },
                    response_only=True,
                )
            ],
        ),
        429: THROTTLED,
    },
)
PREVIEW = extend_schema(
    operation_id="datasets_preview",
    tags=[TAG],
    summary="Read the first rows of a data set",
    parameters=[ID, PreviewQuerySerializer],
    responses={200: PreviewSerializer, 400: NOT_A_UUID, **CLOSED, 404: NO_DATASET},
)
PROFILE = extend_schema(
    operation_id="datasets_profile",
    tags=[TAG],
    summary="Read what there is to know of a data set",
    description=(
        "With `target`: how each column goes with that one, and which may give it away. Computed"
        " when first asked for."
    ),
    parameters=[ID, ProfileQuerySerializer],
    responses={
        200: ProfileSerializer,
        400: problem(
            "No such column, or nothing can be learned from it",
            "The data set 'churn' has no column 'age'. It has id, name.",
        ),
        **CLOSED,
        404: NO_DATASET,
        503: problem(
            "All readers are taken; `Retry-After` says when to try again",
            "The server is reading other tables: try again in a moment.",
        ),
    },
)
