"""`/api/v1/models/{subject}/batches/`: predictions for whole data sets, as jobs."""

import base64
from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api.artifact_views import file_answer
from modelwright.api.base import actor_of
from modelwright.api.identifiers import IdField
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView, id_of
from modelwright.api.serving_views import SUBJECT, TAG
from modelwright.api.training_docs import COMMON, problem
from modelwright.api.training_serializers import ClosedSerializer, PlainTextField
from modelwright.catalog.access import Level, dataset_for
from modelwright.registry.selectors import subject_for, version_named
from modelwright.runs.states import Status
from modelwright.serving.batch_models import BatchPrediction
from modelwright.serving.batches import (
    batch_cancel,
    batch_file_owner_require,
    batch_for,
    batch_open,
    batch_submit,
    batches_of,
)
from modelwright.serving.retention import batch_file_delete

NONE = problem("No such batch", "There is no such batch of predictions.")
NO_ID = problem("The id is no UUID", "batch_id is not a valid UUID: '7'.")


class BatchAskSerializer(ClosedSerializer):
    """What is to be answered."""

    dataset_id = IdField(help_text="Of a data set with the columns that the model learned from.")
    version = PlainTextField(
        required=False, help_text="A version's number or alias instead of the champion."
    )
    key_column = PlainTextField(
        required=False,
        max_length=255,
        help_text="A column that goes into the file; with `log`, the keys of the predictions.",
    )
    log = serializers.BooleanField(
        default=False, help_text="Keep each answer as a prediction, too, as for requests."
    )


class BatchSerializer(serializers.Serializer[BatchPrediction]):
    """A batch of predictions."""

    id = serializers.UUIDField()
    subject = serializers.CharField(source="subject.slug")
    version = serializers.IntegerField(source="version_number")
    dataset_id = serializers.UUIDField(allow_null=True, help_text="Null: it was deleted.")
    dataset_name = serializers.CharField()
    key_column = serializers.CharField()
    log = serializers.BooleanField(source="is_logged")
    status = serializers.ChoiceField(choices=Status.values)
    progress_percent = serializers.FloatField()
    progress_message = serializers.CharField()
    error = serializers.CharField(source="error_message")
    rows = serializers.IntegerField(allow_null=True)
    size_bytes = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField(help_text="Of the file; empty until it is there.")
    file_deleted_at = serializers.DateTimeField(
        source="removed_at", allow_null=True, help_text="Null: it was not deleted."
    )
    by = serializers.CharField(source="user.username", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


@extend_schema_view(
    get=extend_schema(
        operation_id="models_batches_list",
        tags=[TAG],
        summary="Predictions for whole data sets, newest first",
        parameters=[SUBJECT],
        responses={200: BatchSerializer(many=True), **COMMON},
    ),
    post=extend_schema(
        operation_id="models_batches_create",
        tags=[TAG],
        summary="Predict every row of a data set, as a job",
        description=(
            "The answer comes at once; a worker writes a CSV file with one line for each row:"
            " `row`, the key column, `prediction`, a probability for each class, `version`."
            " A killed worker's batch is begun anew by another; there is a file only once all is"
            " answered."
        ),
        parameters=[SUBJECT],
        request=BatchAskSerializer,
        examples=[
            OpenApiExample(
                "A data set",
                value={
                    "dataset_id": "3f2b8c1e-5d0a-4c55-9a56-0d8f4f0d6a11",
                    "key_column": "employee_id",
                },
                request_only=True,
            )
        ],
        responses={
            202: BatchSerializer,
            404: problem("No such subject or data set", "There is no model 'x'."),
            422: problem("The data set doesn't fit", "The data set has no column 'age'."),
            **COMMON,
        },
    ),
)
class BatchListView(PerformanceView, generics.ListAPIView[BatchPrediction]):
    """The batches of a subject."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "POST": Action.RUNS_TRAIN}
    serializer_class = BatchSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[BatchPrediction]:
        """Return them."""
        if getattr(self, "swagger_fake_view", False):
            return BatchPrediction.objects.none()
        return batches_of(subject_for(self.request.user, self.kwargs["subject"]))

    def post(self, request: Request, subject: str) -> Response:
        """Queue one."""
        found = subject_for(request.user, subject)
        body = BatchAskSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        version = asked.get("version")
        batch = batch_submit(
            subject=found,
            dataset=dataset_for(request.user, asked["dataset_id"]),
            user=actor_of(request),
            version=version_named(found, version) if version else None,
            key_column=asked.get("key_column", ""),
            is_logged=asked["log"],
        )
        return Response(BatchSerializer(batch).data, status=status.HTTP_202_ACCEPTED)


@extend_schema_view(
    get=extend_schema(
        operation_id="batches_retrieve",
        tags=[TAG],
        summary="How far a batch of predictions is",
        responses={200: BatchSerializer, 404: NONE, 422: NO_ID, **COMMON},
    )
)
class BatchView(PerformanceView):
    """One batch."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, batch_id: str) -> Response:
        """Return it."""
        return Response(BatchSerializer(batch_for(request.user, id_of(batch_id))).data)


@extend_schema_view(
    post=extend_schema(
        operation_id="batches_cancel",
        tags=[TAG],
        summary="Cancel a batch of predictions",
        request=None,
        responses={
            200: BatchSerializer,
            404: NONE,
            409: problem("It has ended", "It has already ended (completed)."),
            422: NO_ID,
            **COMMON,
        },
    )
)
class BatchCancelView(PerformanceView):
    """Cancelling."""

    actions: ClassVar = {"POST": Action.RUNS_CANCEL}

    def post(self, request: Request, batch_id: str) -> Response:
        """Ask for its end."""
        batch = batch_for(request.user, id_of(batch_id), Level.EDITOR)
        batch_cancel(batch=batch, user=actor_of(request))
        return Response(BatchSerializer(batch).data)


@extend_schema_view(
    get=extend_schema(
        operation_id="batches_file",
        tags=[TAG],
        summary="The file of a batch of predictions",
        description="For who asked for it, and for those who may see its data set.",
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            404: problem("There is no file", "The file was deleted on 2026-03-01."),
            422: NO_ID,
            **COMMON,
        },
    ),
    delete=extend_schema(
        operation_id="batches_file_delete",
        tags=[TAG],
        summary="Delete the file of a batch of predictions; its record stays",
        description="For who asked for it, and for the model's owner.",
        responses={204: None, 404: NONE, 422: NO_ID, **COMMON},
    ),
)
class BatchFileView(PerformanceView):
    """The answers."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "DELETE": Action.RUNS_CANCEL}

    def get(self, request: Request, batch_id: str) -> HttpResponseBase:
        """Send the file."""
        batch = batch_for(request.user, id_of(batch_id))
        answer = file_answer(request, batch_open(request.user, batch), "text/csv")
        digest = base64.b64encode(bytes.fromhex(batch.sha256)).decode("ascii")
        answer["Content-Disposition"] = f'attachment; filename="predictions-{batch.pk}.csv"'
        answer["Content-Length"] = str(batch.size_bytes)
        answer["Repr-Digest"] = f"sha-256=:{digest}:"
        return answer

    def delete(self, request: Request, batch_id: str) -> Response:
        """Delete it."""
        batch = batch_for(request.user, id_of(batch_id))
        batch_file_owner_require(request.user, batch)
        batch_file_delete(batch=batch, user=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
