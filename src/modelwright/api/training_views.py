"""Contract A: `/api/training/`."""

from typing import Any, ClassVar

from django.http import Http404
from django_filters.utils import translate_validation
from drf_spectacular.utils import extend_schema_view
from rest_framework import generics, status
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from modelwright.accounts.roles import Action
from modelwright.api import training_docs as docs
from modelwright.api.base import ApiView, actor_of
from modelwright.api.pagination import RunPages
from modelwright.api.training_filters import TrainingRunFilter
from modelwright.api.training_serializers import (
    EventSerializer,
    EventsQuerySerializer,
    NotesSerializer,
    TrainingRunListSerializer,
    TrainingRunSerializer,
    TrainRequestSerializer,
)
from modelwright.api.waiting import patience_of, wait_until_ended
from modelwright.core.errors import InvalidInputError
from modelwright.runs.errors import RunNotFoundError, SubjectBusyError
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import job_events, training_run_get
from modelwright.runs.services import training_cancel, training_change_notes, training_submit
from modelwright.runs.states import Status

COLUMNS = (
    "created_at", "model_version", "status", "accuracy", "precision", "recall", "f1_score",
    "training_duration_seconds",
)  # fmt: skip
DATA_ERROR = "DataLoadError"
GENERAL = "non_field_errors"


class TrainingView(ApiView):
    """Errors of the fields in the shape of contract A."""

    def handle_exception(self, exc: Exception) -> Response:
        """Translate; what isn't about fields goes the common way."""
        details: Any = None
        if isinstance(exc, InvalidInputError):
            details = exc.details
        elif isinstance(exc, ValidationError):
            details = _flat(exc.detail)
        elif isinstance(exc, ParseError):
            details = {GENERAL: [str(exc.detail)]}
        if details is None:
            return super().handle_exception(exc)
        answer = Response({"error": "Invalid request data", "details": details}, status=400)
        answer.exception = True
        return answer


def _flat(detail: Any) -> dict[str, list[str]]:
    """Field -> messages, also where a message hangs on something inside the field."""
    fields = detail if isinstance(detail, dict) else {GENERAL: detail}
    return {name: list(_messages(value)) for name, value in fields.items()}


def _messages(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [m for key, inner in value.items() for m in _messages(inner, f"{path}{key}: ")]
    if isinstance(value, list):
        return [m for inner in value for m in _messages(inner, path)]
    return [f"{path}{value}"]


def run_or_404(number: int) -> TrainingRun:
    """Return the run, or have the contract's 404 answered."""
    try:
        return training_run_get(number)
    except RunNotFoundError as error:
        raise Http404 from error


def _address(request: Request, number: int) -> str:
    return reverse("api-training-run", args=[number], request=request)


@extend_schema_view(post=docs.TRAIN)
class TrainView(TrainingView):
    """Train and answer when it has ended."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request) -> Response:
        """Submit, wait, translate the end."""
        body = TrainRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        patience = patience_of(request.headers.get("Prefer", ""))
        try:
            run = training_submit(request=body.to_request(), user=actor_of(request))
        except SubjectBusyError as error:
            return self._busy(error)
        answer = _answer(wait_until_ended(run, patience.seconds))
        answer["Location"] = _address(request, run.number)
        if patience.applied:
            answer["Preference-Applied"] = patience.applied
        return answer

    def _busy(self, error: SubjectBusyError) -> Response:
        number, state = error.data.get("number"), error.data.get("status")
        answer = Response(
            {
                "error": "Training already in progress",
                "message": error.message,
                "training_run_id": number,
                "status": None if state is None else str(state).upper(),
            },
            status=status.HTTP_409_CONFLICT,
        )
        if number is not None:
            answer["Location"] = _address(self.request, number)
        return answer


def _answer(run: TrainingRun) -> Response:
    body: dict[str, Any] = {"training_run_id": run.number, "status": run.status.upper()}
    if run.status == Status.COMPLETED:
        duration = run.training_duration_seconds or 0.0
        body["message"] = f"Training completed successfully in {duration:.2f}s"
        body["model_version"] = run.model_version
        body["metrics"] = {
            "accuracy": run.accuracy,
            "precision": run.precision,
            "recall": run.recall,
            "f1_score": run.f1_score,
            "training_duration_seconds": duration,
        }
        return Response(body, status=status.HTTP_201_CREATED)
    if run.status == Status.FAILED:
        unusable = run.error_type == DATA_ERROR
        body["message"] = (
            "Training failed: the data can't be used" if unusable else "Training failed"
        )
        body["error"] = run.error_message
        return Response(body, status=400 if unusable else 500)
    if run.status == Status.CANCELLED:
        body["message"] = "Training was cancelled"
        body["error"] = run.error_message or "The run was cancelled before it ended."
        return Response(body, status=status.HTTP_409_CONFLICT)
    body["message"] = "Training goes on: ask at the address in Location"
    body["model_version"] = run.model_version
    return Response(body, status=status.HTTP_202_ACCEPTED)


@extend_schema_view(get=docs.LIST)
class TrainingRunListView(ApiView, generics.ListAPIView[TrainingRun]):
    """The history, newest first."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = TrainingRunListSerializer
    pagination_class = RunPages
    filterset_class = TrainingRunFilter
    queryset = TrainingRun.objects.none()  # what the description is made from

    def list(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Return a page of the runs with the columns of the list only."""
        asked = TrainingRunFilter(request.query_params, request=request)
        if not asked.is_valid():
            raise translate_validation(asked.errors)
        pages = RunPages()
        runs = pages.read(request, asked.wanted, asked.order, COLUMNS)
        return pages.get_paginated_response(self.get_serializer(runs, many=True).data)


@extend_schema_view(get=docs.DETAIL, patch=docs.NOTES)
class TrainingRunView(TrainingView):
    """One run; its notes may be changed."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "PATCH": Action.RUNS_TRAIN}

    def get(self, _request: Request, number: int) -> Response:
        """Return the run in full."""
        return Response(TrainingRunSerializer(run_or_404(number)).data)

    def patch(self, request: Request, number: int) -> Response:
        """Replace the notes."""
        run = run_or_404(number)
        body = NotesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        run = training_change_notes(
            run=run, notes=body.validated_data["notes"], user=actor_of(request)
        )
        return Response(TrainingRunSerializer(run).data)


@extend_schema_view(post=docs.CANCEL)
class TrainingRunCancelView(TrainingView):
    """Cancelling."""

    actions: ClassVar = {"POST": Action.RUNS_CANCEL}

    def post(self, request: Request, number: int) -> Response:
        """Cancel a pending run at once, have a running one stopped."""
        run = training_cancel(run=run_or_404(number), user=actor_of(request))
        done = run.status == Status.CANCELLED
        message = "Training was cancelled" if done else "Training is being cancelled"
        body = {"training_run_id": run.number, "status": run.status.upper(), "message": message}
        return Response(body, status=200 if done else 202)


@extend_schema_view(get=docs.EVENTS)
class TrainingRunEventsView(TrainingView):
    """What happened to a run, for those who poll."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, number: int) -> Response:
        """Return the events after one that is known."""
        query = EventsQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        after = query.validated_data["after"]
        run = run_or_404(number)
        events = job_events(run.pk, after=after, limit=query.validated_data["limit"])
        return Response(
            {
                "training_run_id": run.number,
                "status": run.status.upper(),
                "events": EventSerializer(events, many=True).data,
                "last_id": events[-1].pk if events else after,
            }
        )
