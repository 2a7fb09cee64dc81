"""Contract C: `/api/v1/datasets/`."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema_view
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import dataset_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.dataset_serializers import (
    DataSetDetailSerializer,
    DataSetFieldsSerializer,
    DataSetPathSerializer,
    DataSetSerializer,
    ForceQuerySerializer,
    PreviewQuerySerializer,
    ProfileQuerySerializer,
)
from modelwright.api.dataset_upload import FIELD, DraftUploadHandler
from modelwright.api.detail_view import DetailView
from modelwright.api.identifiers import uuid_or_400
from modelwright.api.pagination import Pages
from modelwright.api.parsers import StrictJSONParser
from modelwright.catalog.access import Level, dataset_for, datasets_visible, experiments_visible
from modelwright.catalog.models import DataSet
from modelwright.catalog.services import (
    dataset_register_file,
    dataset_register_path,
    target_profile,
)
from modelwright.registry.removal import dataset_remove

HEAVY = ("profile", "preview")
MAX_SEARCH = 200


def dataset_of(request: Request, dataset_id: str, level: Level = Level.VIEWER) -> DataSet:
    """Return the data set that the address names, if the user may do with it what `level` says."""
    return dataset_for(request.user, uuid_or_400(dataset_id, "dataset_id"), level)


@extend_schema_view(get=docs.LIST, post=docs.CREATE)
class DataSetListView(DetailView, generics.ListAPIView[DataSet]):
    """One's data sets, newest first; handing in another one."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "POST": Action.RUNS_TRAIN}
    serializer_class = DataSetSerializer
    pagination_class = Pages
    filter_backends = ()
    parser_classes = (StrictJSONParser, MultiPartParser)
    upload: DraftUploadHandler | None = None

    def get_queryset(self) -> QuerySet[DataSet]:
        """Return them, without what the list doesn't show."""
        found = datasets_visible(self.request.user).defer(*HEAVY)
        search = self.request.query_params.get("search", "")[:MAX_SEARCH].replace("\0", "")
        return found.filter(name__icontains=search) if search else found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Take a file straight to its place, and leave nothing of it unless it is kept."""
        if request.method == "POST":
            self.upload = DraftUploadHandler(request)
            request.upload_handlers = [self.upload]
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            if self.upload is not None:
                self.upload.discard()

    def post(self, request: Request) -> Response:
        """Register an upload, or a file below the data root."""
        data = request.data
        if not isinstance(data, dict):
            raise ValidationError({FIELD: ["Send a file, or an object with its path."]})
        draft = self.upload.draft if self.upload else None
        others = self.upload.others if self.upload else []
        if others:
            raise ValidationError(
                {name: ["Send one file, in the field 'file'."] for name in others}
            )
        fields = {name: data[name] for name in data if name != FIELD}
        if draft is not None:
            body = DataSetFieldsSerializer(data=fields)
            body.is_valid(raise_exception=True)
            dataset = dataset_register_file(
                draft=draft, user=actor_of(request), name=body.validated_data.get("name", "")
            )
        else:
            dataset = self._register_path(request, data)
        return Response(DataSetSerializer(dataset).data, status=status.HTTP_201_CREATED)

    def _register_path(self, request: Request, data: Any) -> DataSet:
        if "path" not in data:
            raise ValidationError(
                {
                    FIELD: [
                        "Send the file as multipart field 'file', or 'path' of one on the server."
                    ]
                }
            )
        body = DataSetPathSerializer(data={name: data[name] for name in data})
        body.is_valid(raise_exception=True)
        return dataset_register_path(user=actor_of(request), **body.validated_data)


@extend_schema_view(get=docs.DETAIL, delete=docs.DELETE)
class DataSetView(DetailView):
    """One data set."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "DELETE": Action.RUNS_TRAIN}

    def get(self, request: Request, dataset_id: str) -> Response:
        """Return it."""
        dataset = dataset_of(request, dataset_id)
        used = experiments_visible(request.user).filter(dataset=dataset)
        return Response(DataSetDetailSerializer(dataset, context={"experiments": used}).data)

    def delete(self, request: Request, dataset_id: str) -> Response:
        """Delete it, and with `force` what hangs on it."""
        dataset = dataset_of(request, dataset_id, Level.OWNER)
        query = ForceQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        dataset_remove(dataset=dataset, user=actor_of(request), force=query.validated_data["force"])
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(get=docs.PREVIEW)
class DataSetPreviewView(DetailView):
    """The first rows."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, dataset_id: str) -> Response:
        """Return them, as they were read when the data set was handed in."""
        dataset = dataset_of(request, dataset_id)
        query = PreviewQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        return Response(
            {
                "dataset_id": str(dataset.pk),
                "columns": dataset.preview["columns"],
                "rows": dataset.preview["rows"][: query.validated_data["rows"]],
                "row_count": dataset.row_count,
            }
        )


@extend_schema_view(get=docs.PROFILE)
class DataSetProfileView(DetailView):
    """What there is to know of the columns."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, dataset_id: str) -> Response:
        """Return the profile, and how the columns go with a target where one is named."""
        dataset = dataset_of(request, dataset_id)
        query = ProfileQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        target = query.validated_data.get("target")
        return Response(
            {
                "dataset_id": str(dataset.pk),
                "profile": dataset.profile,
                "target": (
                    None if target is None else target_profile(dataset=dataset, target=target)
                ),
            }
        )
