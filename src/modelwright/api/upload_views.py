"""Contract C: handing in a data set in pieces, `/api/v1/datasets/uploads/`."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_view
from rest_framework import status
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import upload_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.dataset_serializers import (
    DataSetSerializer,
    UploadBeginSerializer,
    UploadFinishSerializer,
    UploadPieceQuerySerializer,
    UploadSerializer,
)
from modelwright.api.detail_view import DetailView
from modelwright.api.identifiers import uuid_or_400
from modelwright.api.parsers import PieceParser, StrictJSONParser
from modelwright.catalog.errors import UploadGapError
from modelwright.catalog.models import Upload
from modelwright.catalog.uploads import (
    upload_begin,
    upload_discard,
    upload_finish,
    upload_for,
    upload_offset,
    upload_write,
    uploads_open,
)

OFFSET = "Upload-Offset"
LENGTH = "Upload-Length"


def upload_of(request: Request, upload_id: str) -> Upload:
    """Return the upload that the address names, if it is the user's own."""
    return upload_for(actor_of(request), uuid_or_400(upload_id, "upload_id"))


class UploadsView(DetailView):
    """What the views share: an error that says where to go on has it as a number too."""

    def handle_exception(self, exc: Exception) -> Response:
        """Translate errors; a gap comes with its offset."""
        answer = super().handle_exception(exc)
        if isinstance(exc, UploadGapError):
            answer.data["offset"] = exc.data["offset"]
        return answer


@extend_schema_view(get=docs.LIST, post=docs.BEGIN)
class UploadListView(UploadsView):
    """One's unfinished uploads; beginning another one."""

    actions: ClassVar = {"GET": Action.RUNS_TRAIN, "POST": Action.RUNS_TRAIN}

    def get(self, request: Request) -> Response:
        """Return them, newest first."""
        found = uploads_open(actor_of(request))
        return Response([UploadSerializer(upload).data for upload in found])

    def post(self, request: Request) -> Response:
        """Begin one."""
        body = UploadBeginSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        upload = upload_begin(user=actor_of(request), source=fields.pop("file_name"), **fields)
        return Response(UploadSerializer(upload).data, status=status.HTTP_201_CREATED)


@extend_schema_view(get=docs.DETAIL, put=docs.PIECE, delete=docs.DISCARD)
class UploadView(UploadsView):
    """One upload."""

    actions: ClassVar = {
        "GET": Action.RUNS_TRAIN, "PUT": Action.RUNS_TRAIN, "DELETE": Action.RUNS_TRAIN,
    }  # fmt: skip
    parser_classes = (PieceParser, StrictJSONParser)

    def get(self, request: Request, upload_id: str) -> Response:
        """Return how much of it is there."""
        upload = upload_of(request, upload_id)
        return _with_offset(upload, upload_offset(upload), UploadSerializer(upload).data)

    def put(self, request: Request, upload_id: str) -> Response:
        """Add a piece."""
        upload = upload_of(request, upload_id)
        query = UploadPieceQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        piece = request.data
        if not isinstance(piece, bytes):
            raise ParseError("Send the bytes of the piece as application/octet-stream.")
        there = upload_write(upload=upload, offset=query.validated_data["offset"], piece=piece)
        return _with_offset(upload, there, {"id": str(upload.pk), "offset": there})

    def delete(self, request: Request, upload_id: str) -> Response:
        """Discard it; a data set that it became stays."""
        upload_discard(upload=upload_of(request, upload_id), user=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(post=docs.FINISH)
class UploadFinishView(UploadsView):
    """Making a data set of an upload."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request, upload_id: str) -> Response:
        """Read it as a table, and return the data set; the same when asked again."""
        upload = upload_of(request, upload_id)
        body = UploadFinishSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        dataset = upload_finish(
            upload=upload, user=actor_of(request), sha256=body.validated_data["sha256"]
        )
        return Response(DataSetSerializer(dataset).data, status=status.HTTP_201_CREATED)


def _with_offset(upload: Upload, there: int, data: Any) -> Response:
    return Response(data, headers={OFFSET: str(there), LENGTH: str(upload.size_bytes)})
