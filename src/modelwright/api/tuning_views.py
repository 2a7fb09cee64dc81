"""Contract C: `/api/v1/tuning/`."""

from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema_view
from rest_framework import generics, status
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import tuning_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.detail_view import DetailView
from modelwright.api.identifiers import uuid_or_400
from modelwright.api.job_status import WORD_OF, word_of
from modelwright.api.pagination import Pages
from modelwright.api.parsers import StrictJSONParser
from modelwright.api.tuning_serializers import (
    ContinueSerializer,
    ExportQuerySerializer,
    ResultsQuerySerializer,
    TrainBestSerializer,
    TrialsQuerySerializer,
    TuneSerializer,
    TuningListQuerySerializer,
    TuningListSerializer,
)
from modelwright.catalog.access import Level
from modelwright.runs.selectors import model_run_for
from modelwright.runs.states import Status
from modelwright.tuning.access import tuning_run_for, tuning_runs_visible
from modelwright.tuning.errors import NotCompletedError
from modelwright.tuning.export import EXPORTS
from modelwright.tuning.importance import importances
from modelwright.tuning.models import TuningRun
from modelwright.tuning.services import (
    tuning_cancel,
    tuning_continue,
    tuning_delete,
    tuning_submit,
    tuning_train_best,
)
from modelwright.tuning.trials import listed, total_of, trials_of

INITIATED = "Hyperparameter tuning initiated successfully"
SHOWN_PROGRESS = ("current", "total", "status", "percentage")


class GridParser(StrictJSONParser):
    """Reads a grid that is far too large too, so that the answer names what is wrong with it."""

    max_bytes = 4 * 1024 * 1024


class NoFormatInQuery(DefaultContentNegotiation):
    """`?format=` is ours."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        """Return the first one: errors are JSON."""
        return renderers[0], renderers[0].media_type


def tuning_run_of(request: Request, text: str, level: Level = Level.VIEWER) -> TuningRun:
    """Return the search of the address, if the user may do with it what `level` says."""
    return tuning_run_for(request.user, uuid_or_400(text, "tuning_run_id"), level)


def word(run: TuningRun) -> str:
    """Return the contract's word for where a search stands."""
    return WORD_OF[Status(run.status)]


def accepted(run: TuningRun) -> Response:
    """Return the answer to a search that was submitted."""
    return Response(
        {
            "tuning_run_id": str(run.pk),
            "task_id": str(run.pk),
            "status": word(run),
            "message": INITIATED,
            "created_at": run.created_at,
        },
        status=status.HTTP_202_ACCEPTED,
    )


def outcome(run: TuningRun) -> dict[str, Any] | None:
    """Return what a search found, in the contract's words."""
    results = run.results or {}
    if run.status != Status.COMPLETED and run.best_params is None:
        return None
    return {
        "best_params": run.best_params,
        "best_score": results.get("best_score"),
        "total_combinations": results.get("total_combinations"),
        "tuning_time": results.get("tuning_time"),
    }


@extend_schema_view(post=docs.TUNE, get=docs.LIST)
class TuneView(DetailView, generics.GenericAPIView[TuningRun]):
    """Starting a search, and the list of all."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "POST": Action.RUNS_TRAIN}
    parser_classes = (GridParser,)
    serializer_class = TuningListSerializer
    pagination_class = Pages
    filter_backends = ()

    def post(self, request: Request) -> Response:
        """Submit, and answer at once."""
        body = TuneSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        model_run = model_run_for(request.user, body.validated_data["model_run_id"], Level.EDITOR)
        run = tuning_submit(request=body.to_request(), model_run=model_run, user=actor_of(request))
        return accepted(run)

    def get(self, request: Request) -> Response:
        """List the searches that one may see, newest first."""
        query = TuningListQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = tuning_runs_visible(request.user)
        if model_run_id := query.validated_data.get("model_run_id"):
            found = found.filter(model_run=model_run_for(request.user, model_run_id))
        if wanted := query.validated_data.get("status"):
            found = found.filter(status=wanted)
        page = self.paginate_queryset(found) or []
        return self.get_paginated_response([_row(run) for run in page])


def _row(run: TuningRun) -> dict[str, Any]:
    results = run.results or {}
    return {
        "tuning_run_id": str(run.pk),
        "model_run_id": str(run.model_run_id),
        "parent_tuning_run_id": run.parent_tuning_run_id and str(run.parent_tuning_run_id),
        "tuning_method": run.tuning_method,
        "status": word(run),
        "scoring_metric": run.config.get("scoring_metric", ""),
        "best_params": run.best_params,
        "best_score": results.get("best_score"),
        "total_combinations": results.get("total_combinations", total_of(run, 0)),
        "tuning_time": results.get("tuning_time"),
        "created_at": run.created_at,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "tags": run.tags,
        "user_notes": run.user_notes,
        "started_by_username": run.user.username if run.user else None,
    }


@extend_schema_view(get=docs.DETAIL, delete=docs.DELETE)
class TuningView(DetailView):
    """One search."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "DELETE": Action.RUNS_TRAIN}

    def get(self, request: Request, tuning_run_id: str) -> Response:
        """Return it as the list has it."""
        return Response(_row(tuning_run_of(request, tuning_run_id)))

    def delete(self, request: Request, tuning_run_id: str) -> Response:
        """Delete it with its trials."""
        run = tuning_run_of(request, tuning_run_id, Level.OWNER)
        tuning_delete(run=run, user=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(get=docs.STATUS)
class TuningStatusView(DetailView):
    """How far a search is."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, tuning_run_id: str) -> Response:
        """Return it."""
        run = tuning_run_of(request, tuning_run_id)
        progress = run.progress or {}
        shown = run.status == Status.RUNNING and "current" in progress
        return Response(
            {
                "tuning_run_id": str(run.pk),
                "task_id": str(run.pk),
                "status": word(run),
                "progress": {n: progress.get(n) for n in SHOWN_PROGRESS} if shown else None,
                "result": outcome(run) if run.is_ended else None,
                "error": (run.results or {}).get("error"),
            }
        )


@extend_schema_view(get=docs.RESULTS)
class TuningResultsView(DetailView):
    """What a completed search found."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, tuning_run_id: str) -> Response:
        """Return it."""
        run = tuning_run_of(request, tuning_run_id)
        query = ResultsQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        if run.status != Status.COMPLETED or run.results is None:
            raise NotCompletedError(
                f"The search has not completed: it is {run.status}. What it has tried is at"
                " …/trials.",
                status=run.status,
            )
        top = query.validated_data["top_n"]
        best = run.results.get("all_results", [])
        if top > len(best) and run.results.get("tried", 0) > len(best):
            best = listed(trials_of(run), top)
        return Response(
            {
                "tuning_run_id": str(run.pk),
                "model_run_id": str(run.model_run_id),
                "tuning_method": run.tuning_method,
                **(outcome(run) or {}),
                "cv_folds": run.results.get("cv_folds"),
                "scoring_metric": run.results.get("scoring_metric"),
                "ended": run.results.get("ended", "finished"),
                "notes": run.results.get("notes", []),
                "top_results": best[:top],
            }
        )


@extend_schema_view(get=docs.TRIALS)
class TuningTrialsView(DetailView):
    """What was tried, whether the search has ended or not."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, tuning_run_id: str) -> Response:
        """Return it."""
        run = tuning_run_of(request, tuning_run_id)
        query = TrialsQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        rows = run.trials.filter(number__gt=wanted["after"]).order_by("number")
        progress = run.progress or {}
        return Response(
            {
                "tuning_run_id": str(run.pk),
                "status": word(run),
                "current": progress.get("current", 0),
                "total": progress.get("total", 0),
                "best_score": progress.get("best_score"),
                "best_params": progress.get("best_params"),
                "elapsed_seconds": round(run.elapsed_seconds, 3),
                "remaining_seconds": None if run.is_ended else progress.get("remaining"),
                "trials": list(
                    rows.values(
                        "number", "params", "fold_scores", "mean", "std", "duration", "status",
                        "error",
                    )[: wanted["limit"]]
                ),
            }
        )  # fmt: skip


@extend_schema_view(get=docs.IMPORTANCE)
class TuningImportanceView(DetailView):
    """Which parameters matter."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, tuning_run_id: str) -> Response:
        """Return it."""
        run = tuning_run_of(request, tuning_run_id)
        trials = trials_of(run)
        return Response(
            {
                "tuning_run_id": str(run.pk),
                "trials": len(trials),
                "importances": [
                    {
                        "parameter": found.parameter,
                        "importance": found.importance,
                        "groups": [
                            {"value": value, "mean_score": mean, "trials": count}
                            for value, mean, count in found.groups
                        ],
                    }
                    for found in importances(trials)
                ],
            }
        )


@extend_schema_view(get=docs.EXPORT)
class TuningExportView(DetailView):
    """All trials as CSV, or the best as Python code."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    content_negotiation_class = NoFormatInQuery

    def get(self, request: Request, tuning_run_id: str) -> HttpResponse:
        """Return it."""
        run = tuning_run_of(request, tuning_run_id)
        query = ExportQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        export = EXPORTS[query.validated_data["format"]]
        answer = HttpResponse(export.write(run), content_type=f"{export.media_type}; charset=utf-8")
        name = f"tuning-{str(run.pk)[:8]}.{export.ending}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


@extend_schema_view(post=docs.CANCEL)
class TuningCancelView(DetailView):
    """Cancelling."""

    actions: ClassVar = {"POST": Action.RUNS_CANCEL}

    def post(self, request: Request, tuning_run_id: str) -> Response:
        """End the search with what it has."""
        run = tuning_run_of(request, tuning_run_id, Level.EDITOR)
        run = tuning_cancel(run=run, user=actor_of(request))
        return Response(
            {
                "tuning_run_id": str(run.pk),
                "task_id": str(run.pk),
                "status": word(run),
                "message": "Hyperparameter tuning cancelled",
            }
        )


@extend_schema_view(post=docs.CONTINUE)
class TuningContinueView(DetailView):
    """Going on where a search stopped, or finer around its best."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}
    parser_classes = (GridParser,)

    def post(self, request: Request, tuning_run_id: str) -> Response:
        """Submit, and answer at once."""
        run = tuning_run_of(request, tuning_run_id, Level.EDITOR)
        body = ContinueSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return accepted(
            tuning_continue(run=run, changes=body.validated_data, user=actor_of(request))
        )


@extend_schema_view(post=docs.TRAIN_BEST)
class TuningTrainBestView(DetailView):
    """Making the best combination a version."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request, tuning_run_id: str) -> Response:
        """Submit the training, and answer at once."""
        run = tuning_run_of(request, tuning_run_id, Level.EDITOR)
        body = TrainBestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        training = tuning_train_best(run=run, user=actor_of(request), **body.validated_data)
        return Response(
            {
                "model_run_id": str(training.pk),
                "task_id": str(training.pk),
                "status": word_of(training),
                "message": "Model training initiated successfully",
                "created_at": training.created_at,
            },
            status=status.HTTP_202_ACCEPTED,
        )
