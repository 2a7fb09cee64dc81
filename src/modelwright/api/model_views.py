"""Contract C: `/api/v1/models/`."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import model_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.detail_view import DetailView
from modelwright.api.errors import InvalidOperationError
from modelwright.api.identifiers import uuid_or_400
from modelwright.api.job_status import STATUS_OF, job_status, progress_of, word_of
from modelwright.api.model_serializers import (
    ModelImportanceSerializer,
    ModelListSerializer,
    ModelMetricsSerializer,
    ModelQuerySerializer,
    ModelSerializer,
    ModelTrainSerializer,
)
from modelwright.api.pagination import Pages
from modelwright.catalog.access import Level, experiment_for
from modelwright.registry.removal import model_run_delete
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import model_run_for, model_runs_visible
from modelwright.runs.services import model_train
from modelwright.runs.states import Status

# Only the list's columns: what a run found out about its data may be large.
LISTED = (
    "id", "number", "experiment", "model_type", "task", "status", "model_version", "metrics",
    "created_at", "started_at", "finished_at", "user__username",
)  # fmt: skip


def model_run_of(request: Request, run_id: str, level: Level = Level.VIEWER) -> TrainingRun:
    """Return the run of the address, if the user may do with it what `level` says."""
    return model_run_for(request.user, uuid_or_400(run_id, "run_id"), level)


def completed_run_of(request: Request, run_id: str) -> TrainingRun:
    """Return the run of the address, or have 400 answered while it has no result."""
    run = model_run_of(request, run_id)
    if run.status != Status.COMPLETED:
        raise InvalidOperationError(f"The model run has not completed: it is {run.status}.")
    return run


@extend_schema_view(post=docs.TRAIN)
class ModelTrainView(DetailView):
    """Training for an experiment."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request) -> Response:
        """Submit, and answer at once."""
        body = ModelTrainSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked: dict[str, Any] = dict(body.validated_data)
        experiment = experiment_for(request.user, asked.pop("experiment_id"), Level.EDITOR)
        run = model_train(experiment=experiment, user=actor_of(request), **asked)
        return Response(
            {
                "model_run_id": str(run.pk),
                "task_id": str(run.pk),
                "status": word_of(run),
                "message": "Model training initiated successfully",
                "created_at": run.created_at,
            },
            status=status.HTTP_202_ACCEPTED,
        )


@extend_schema_view(get=docs.STATUS)
class ModelStatusView(DetailView):
    """How far a training is."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, run_id: str) -> Response:
        """Return it."""
        run = model_run_of(request, run_id)
        result = {
            "model_version": run.model_version,
            "metrics": run.metrics,
            "training_duration_seconds": run.training_duration_seconds,
        }
        return Response(
            job_status(run, id_name="model_run_id", progress=progress_of(run), result=result)
        )


@extend_schema_view(get=docs.METRICS)
class ModelMetricsView(DetailView):
    """How good a model is."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, run_id: str) -> Response:
        """Return it."""
        return Response(ModelMetricsSerializer(completed_run_of(request, run_id)).data)


@extend_schema_view(get=docs.IMPORTANCE)
class ModelImportanceView(DetailView):
    """How much each column matters."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, run_id: str) -> Response:
        """Return it."""
        return Response(ModelImportanceSerializer(completed_run_of(request, run_id)).data)


@extend_schema_view(get=docs.LIST)
class ModelListView(DetailView, generics.ListAPIView[TrainingRun]):
    """The model runs that one may see, newest first."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = ModelListSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[TrainingRun]:
        """Return them, narrowed as the query says."""
        query = ModelQuerySerializer(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        found = model_runs_visible(self.request.user).only(*LISTED)
        if experiment_id := query.validated_data.get("experiment_id"):
            found = found.filter(experiment=experiment_id)
        if word := query.validated_data.get("status"):
            found = found.filter(status=STATUS_OF[word])
        return found


@extend_schema_view(get=docs.DETAIL, delete=docs.DELETE)
class ModelView(DetailView):
    """One model run."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "DELETE": Action.RUNS_TRAIN}

    def get(self, request: Request, run_id: str) -> Response:
        """Return it in full."""
        return Response(ModelSerializer(model_run_of(request, run_id)).data)

    def delete(self, request: Request, run_id: str) -> Response:
        """Delete it with all that it made."""
        model_run_delete(run=model_run_of(request, run_id, Level.OWNER), user=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
