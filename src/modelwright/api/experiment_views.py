"""Contract C: `/api/v1/experiments/`."""

from typing import Any, ClassVar

from django.db.models import Count, Q, QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import experiment_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.dataset_serializers import ForceQuerySerializer
from modelwright.api.detail_view import DetailView
from modelwright.api.experiment_serializers import (
    ExperimentChangeSerializer,
    ExperimentCreateSerializer,
    ExperimentDetailSerializer,
    ExperimentSerializer,
    ShareRequestSerializer,
    ShareSerializer,
    SharesSerializer,
)
from modelwright.api.identifiers import uuid_or_400
from modelwright.api.pagination import Pages
from modelwright.catalog.access import (
    Level,
    dataset_for,
    experiment_for,
    experiment_level,
    experiments_visible,
)
from modelwright.catalog.errors import StillUsedError
from modelwright.catalog.models import Experiment
from modelwright.catalog.services import Question, experiment_change, experiment_create
from modelwright.catalog.sharing import experiment_share, experiment_unshare
from modelwright.registry.removal import experiment_remove, experiment_uses

MAX_SEARCH = 200
ASKED = ("dataset_id", "target_column", "task")


def experiment_of(request: Request, experiment_id: str, level: Level = Level.VIEWER) -> Experiment:
    """Return the experiment of the address, if the user may do with it what `level` says."""
    return experiment_for(request.user, uuid_or_400(experiment_id, "experiment_id"), level)


def _answer(request: Request, experiment: Experiment, code: int = 200) -> Response:
    experiment.model_runs = experiment.runs.count()  # type: ignore[attr-defined]  # as annotated
    context = {"level": experiment_level(request.user, experiment)}
    return Response(ExperimentDetailSerializer(experiment, context=context).data, status=code)


@extend_schema_view(get=docs.LIST, post=docs.CREATE)
class ExperimentListView(DetailView, generics.ListAPIView[Experiment]):
    """The experiments that one may see; making another one."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "POST": Action.RUNS_TRAIN}
    serializer_class = ExperimentSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Experiment]:
        """Return them with the number of their runs."""
        found = experiments_visible(self.request.user).annotate(model_runs=Count("runs"))
        query = self.request.query_params
        if dataset_id := query.get("dataset_id"):
            found = found.filter(dataset=uuid_or_400(dataset_id, "dataset_id"))
        if search := query.get("search", "")[:MAX_SEARCH].replace("\0", ""):
            found = found.filter(Q(name__icontains=search) | Q(description__icontains=search))
        return found.order_by("-created_at", "id")

    def post(self, request: Request) -> Response:
        """Make one on a data set of one's own, or of an experiment that one may edit."""
        body = ExperimentCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        dataset = dataset_for(request.user, data["dataset_id"], Level.EDITOR)
        experiment = experiment_create(
            question=Question(dataset, data["target_column"], data.get("task") or ""),
            name=data["name"],
            description=data["description"],
            user=actor_of(request),
        )
        return _answer(request, experiment, status.HTTP_201_CREATED)


@extend_schema_view(get=docs.DETAIL, patch=docs.CHANGE, delete=docs.DELETE)
class ExperimentView(DetailView):
    """One experiment."""

    actions: ClassVar = {
        "GET": Action.RUNS_VIEW,
        "PATCH": Action.RUNS_TRAIN,
        "DELETE": Action.RUNS_TRAIN,
    }

    def get(self, request: Request, experiment_id: str) -> Response:
        """Return it."""
        return _answer(request, experiment_of(request, experiment_id))

    def patch(self, request: Request, experiment_id: str) -> Response:
        """Change it."""
        experiment = experiment_of(request, experiment_id, Level.EDITOR)
        body = ExperimentChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        experiment = experiment_change(
            experiment=experiment,
            user=actor_of(request),
            name=data.get("name"),
            description=data.get("description"),
            question=self._question(request, experiment, data),
        )
        return _answer(request, experiment)

    def _question(
        self, request: Request, experiment: Experiment, data: dict[str, Any]
    ) -> Question | None:
        """Return what is to be asked from now on; None where that stays as it is."""
        if not any(name in data for name in ASKED):
            return None
        dataset, target = experiment.dataset, data.get("target_column", experiment.target_column)
        if "dataset_id" in data and data["dataset_id"] != dataset.pk:
            dataset = dataset_for(request.user, data["dataset_id"], Level.EDITOR)
        same_column = dataset == experiment.dataset and target == experiment.target_column
        task = data["task"] or "" if "task" in data else (experiment.task if same_column else "")
        if same_column and task == experiment.task:
            return None
        if uses := experiment_uses(experiment):
            raise StillUsedError(
                "The experiment has model runs, which answer its question as it stands: make"
                " another experiment for another one.",
                uses=uses[:20],
            )
        return Question(dataset, target, task)

    def delete(self, request: Request, experiment_id: str) -> Response:
        """Delete it, and with `force` its model runs."""
        experiment = experiment_of(request, experiment_id, Level.OWNER)
        query = ForceQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        experiment_remove(
            experiment=experiment, user=actor_of(request), force=query.validated_data["force"]
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(get=docs.SHARES, post=docs.SHARE)
class ExperimentSharesView(DetailView):
    """With whom an experiment is shared."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "POST": Action.RUNS_TRAIN}

    def get(self, request: Request, experiment_id: str) -> Response:
        """Return all of them."""
        experiment = experiment_of(request, experiment_id)
        found = {
            "experiment_id": experiment.pk,
            "owner": experiment.owner.username if experiment.owner else None,
            "shares": experiment.shares.select_related("user", "group"),
        }
        return Response(SharesSerializer(found).data)

    def post(self, request: Request, experiment_id: str) -> Response:
        """Share it, or change the level of a share."""
        experiment = experiment_of(request, experiment_id, Level.OWNER)
        body = ShareRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        share = experiment_share(
            experiment=experiment,
            level=body.validated_data["level"],
            user=actor_of(request),
            with_user=body.validated_data.get("user", ""),
            with_group=body.validated_data.get("group", ""),
        )
        return Response(ShareSerializer(share).data, status=status.HTTP_201_CREATED)


@extend_schema_view(delete=docs.UNSHARE)
class ExperimentShareView(DetailView):
    """One share."""

    actions: ClassVar = {"DELETE": Action.RUNS_TRAIN}

    def delete(self, request: Request, experiment_id: str, share_id: int) -> Response:
        """Take it away."""
        experiment = experiment_of(request, experiment_id, Level.OWNER)
        experiment_unshare(experiment=experiment, share_id=share_id, user=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
