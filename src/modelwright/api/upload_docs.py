"""How `/docs` describes uploads in pieces."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from modelwright.api.dataset_docs import CREATE_PROBLEMS, uuid_parameter
from modelwright.api.dataset_serializers import (
    DataSetSerializer,
    UploadBeginSerializer,
    UploadFinishSerializer,
    UploadPieceQuerySerializer,
    UploadSerializer,
)
from modelwright.api.training_docs import COMMON, THROTTLED, problem

TAG = "Data sets"
NO_UPLOAD = problem(
    "No such upload of yours",
    "There is no such upload: it was discarded, or nobody went on with it for a day. Hand the file"
    " in again.",
)
NOT_A_UUID = problem("The id is no UUID", "upload_id is not a valid UUID: '7'.")
GAP = OpenApiResponse(
    OpenApiTypes.OBJECT,
    description="Bytes are missing before it (`offset` says where to go on), or another request"
    " is at work on it",
    examples=[
        OpenApiExample(
            "Gap",
            value={
                "detail": "The piece begins at 8,388,608, but only 4,194,304 bytes are there: go on"
                " from there.",
                "code": "upload_gap",
                "offset": 4194304,
            },
            response_only=True,
        )
    ],
)
ID = uuid_parameter("upload_id")

LIST = extend_schema(
    operation_id="uploads_list",
    tags=[TAG],
    summary="List your unfinished uploads",
    responses={200: UploadSerializer(many=True), **COMMON},
)
BEGIN = extend_schema(
    operation_id="uploads_begin",
    tags=[TAG],
    summary="Begin to hand in a file in pieces",
    description=(
        "For large files and bad connections: begin, `PUT` the pieces in order, finish. After a"
        " lost connection `HEAD` or `GET` says where to go on. An upload without a new piece for a"
        " day is removed."
    ),
    request=UploadBeginSerializer,
    responses={201: UploadSerializer, **CREATE_PROBLEMS,
               409: problem("Too many unfinished uploads",
                            "You have 10 unfinished uploads: finish or discard one of them"
                            " first.")},
)  # fmt: skip
DETAIL = extend_schema(
    operation_id="uploads_read",
    tags=[TAG],
    summary="Read how much of an upload is there",
    description="Also as headers `Upload-Offset` and `Upload-Length`, so `HEAD` is enough.",
    parameters=[ID],
    responses={200: UploadSerializer, 400: NOT_A_UUID, **COMMON, 404: NO_UPLOAD},
)
PIECE = extend_schema(
    operation_id="uploads_piece",
    tags=[TAG],
    summary="Add a piece",
    description=(
        "The body is bytes of the file from `offset` on. A piece may be sent again; what is there"
        " already is passed over."
    ),
    parameters=[ID, UploadPieceQuerySerializer],
    request={"application/octet-stream": OpenApiTypes.BINARY},
    responses={
        200: OpenApiResponse(
            OpenApiTypes.OBJECT,
            description="How much is there",
            examples=[OpenApiExample("There", value={"id": "…", "offset": 4194304})],
        ),
        400: problem("It ends beyond the file",
                     "offset: The piece ends beyond the file, which has 1,000 bytes."),
        **COMMON,
        404: NO_UPLOAD,
        409: GAP,
        413: problem("The piece is too large",
                     "A piece has at most 4,194,304 bytes: send the file in smaller ones."),
        429: THROTTLED,
        507: problem("The disk is full", "The file can't be stored: No space left on device."),
    },
)  # fmt: skip
DISCARD = extend_schema(
    operation_id="uploads_discard",
    tags=[TAG],
    summary="Discard an upload",
    parameters=[ID],
    responses={
        204: OpenApiResponse(description="Discarded"),
        400: NOT_A_UUID,
        **COMMON,
        404: NO_UPLOAD,
        429: THROTTLED,
    },
)
FINISH = extend_schema(
    operation_id="uploads_finish",
    tags=[TAG],
    summary="Make a data set of an upload",
    description="When it is asked again, it gives the same data set.",
    parameters=[ID],
    request=UploadFinishSerializer,
    responses={201: DataSetSerializer, **CREATE_PROBLEMS, 404: NO_UPLOAD, 409: GAP},
)
