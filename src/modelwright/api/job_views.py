"""Contract B: trainings of machines' models, `/api/v1/model-performance/`."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import extend_schema_view
from rest_framework import generics
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import job_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.job_serializers import (
    JobDetailSerializer,
    JobQuerySerializer,
    JobSerializer,
    RetrainSerializer,
)
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView, id_of, parameters
from modelwright.api.training_serializers import EventSerializer, EventsQuerySerializer
from modelwright.catalog.machines import machine_get
from modelwright.runs.event_stream import event_stream, last_event_id
from modelwright.runs.machine_jobs import machine_job_get, machine_jobs
from modelwright.runs.models import TrainingRun
from modelwright.runs.retraining import retrain_trigger
from modelwright.runs.selectors import job_events
from modelwright.runs.services import training_cancel

# What a run found out may be large: the list leaves it in the table.
LISTED = (
    "id", "number", "model_type", "machine__name", "status", "progress_percent",
    "progress_message", "trigger_type", "trigger_reason", "priority", "user__username",
    "created_at", "started_at", "finished_at", "training_duration_seconds", "error_message",
    "version__number", "version__run_id",
)  # fmt: skip


def job_of(text: str) -> TrainingRun:
    """Return the job of an address; 422 where the id is none, 404 where there is no such job."""
    return machine_job_get(id_of(text, "job_id"))


@extend_schema_view(post=docs.TRIGGER)
class RetrainView(PerformanceView):
    """Training a machine's model again."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request) -> Response:
        """Queue it, or say that one is under way; 200 both."""
        asked = dict(parameters(request, RetrainSerializer).validated_data)
        machine = machine_get(asked.pop("machine_id"))
        done = retrain_trigger(machine=machine, user=actor_of(request), **asked)
        body: dict[str, Any] = {
            "triggered": done.run is not None,
            "trigger_type": done.trigger_type,
            "reason": done.reason,
            "training_job_id": done.run and str(done.run.pk),
        }
        if done.run is not None:
            body["estimated_completion"] = done.estimated_completion
        return Response(body)


@extend_schema_view(get=docs.LIST)
class JobListView(PerformanceView, generics.ListAPIView[TrainingRun]):
    """The training history, newest first."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = JobSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[TrainingRun]:
        """Return the jobs, narrowed as the query says."""
        query = JobQuerySerializer(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        found = machine_jobs().only(*LISTED)
        if (machine_id := query.validated_data.pop("machine_id", None)) is not None:
            found = found.filter(machine=machine_get(machine_id))
        return found.filter(**query.validated_data)


@extend_schema_view(get=docs.DETAIL)
class JobView(PerformanceView):
    """One job."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, _request: Request, job_id: str) -> Response:
        """Return it in full."""
        return Response(JobDetailSerializer(job_of(job_id)).data)


@extend_schema_view(post=docs.CANCEL)
class JobCancelView(PerformanceView):
    """Cancelling."""

    actions: ClassVar = {"POST": Action.RUNS_CANCEL}

    def post(self, request: Request, job_id: str) -> Response:
        """End it as cancelled: the next one may be triggered at once."""
        job = job_of(job_id)
        training_cancel(run=job, user=actor_of(request))
        return Response(JobDetailSerializer(job_of(job_id)).data)


class EventStreamRenderer(BaseRenderer):
    """Makes `Accept: text/event-stream` acceptable; errors go out as JSON all the same."""

    media_type = "text/event-stream"
    format = "stream"
    charset = "utf-8"

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        """Return an error's body."""
        return bytes(JSONRenderer().render(data))


@extend_schema_view(get=docs.EVENTS)
class JobEventsView(PerformanceView):
    """What happened to a job: a list for those who poll, or a stream (Server-Sent Events)."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    renderer_classes = (JSONRenderer, EventStreamRenderer)

    def get(self, request: Request, job_id: str) -> HttpResponseBase:
        """Tell it from `Last-Event-ID` or `?after=` on."""
        job = job_of(job_id)
        if isinstance(request.accepted_renderer, EventStreamRenderer):
            return _stream(request, job)
        query = EventsQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        after = query.validated_data["after"]
        events = job_events(job.pk, after=after, limit=query.validated_data["limit"])
        return Response(
            {
                "training_job_id": str(job.pk),
                "status": job.status,
                "events": EventSerializer(events, many=True).data,
                "last_id": events[-1].pk if events else after,
            }
        )


def _stream(request: Request, job: TrainingRun) -> HttpResponseBase:
    resumed = request.headers.get("Last-Event-ID", "")
    after = last_event_id(resumed, request.query_params.get("after", ""))
    if resumed and job.is_ended and not job_events(job.pk, after=after, limit=1):
        return HttpResponse(status=204)  # tells EventSource not to come again
    response = StreamingHttpResponse(
        event_stream(TrainingRun, job.pk, after=after), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response
