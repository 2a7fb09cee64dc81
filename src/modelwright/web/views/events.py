"""The live progress of one run, by Server-Sent Events."""

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.runs.event_stream import event_stream, last_event_id
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import job_events
from modelwright.tuning.models import TuningRun
from modelwright.web.requests import run_or_404

Streamed = TrainingRun | TuningRun


@needs(Action.RUNS_VIEW)
@require_GET
async def run_events(request: HttpRequest, number: int) -> HttpResponseBase:
    """Send what happens to a run from `Last-Event-ID` (or `?after=`) on, until its end."""
    run = await sync_to_async(run_or_404)(number)
    return await events_response(request, run)


async def events_response(request: HttpRequest, job: Streamed) -> HttpResponseBase:
    """Send what happens to anything that has a status and events."""
    resumed = request.headers.get("Last-Event-ID", "")
    after = last_event_id(resumed, request.GET.get("after", ""))
    if (
        resumed
        and job.is_ended
        and not await sync_to_async(job_events)(job.pk, after=after, limit=1)
    ):
        return HttpResponse(status=204)  # tells EventSource not to come again
    response = StreamingHttpResponse(
        event_stream(type(job), job.pk, after=after), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response
