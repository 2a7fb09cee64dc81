"""Model runs: training one for an experiment, and its page."""

import asyncio
from collections.abc import AsyncIterator
from typing import BinaryIO
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level, experiment_for, experiment_level
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.registry.removal import model_run_delete
from modelwright.registry.selectors import artifact_open, version_of_run
from modelwright.runs.errors import NotCancellableError, SubjectBusyError
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import model_run_for
from modelwright.runs.services import model_train, training_cancel, training_change_notes
from modelwright.tuning.models import TuningRun
from modelwright.web.finding import found_or_refused
from modelwright.web.model_form import ModelForm, model_types_for
from modelwright.web.requests import page_or_part, user_of
from modelwright.web.run_view import RunView
from modelwright.web.views.events import events_response

CHUNK = 256 * 1024
MAX_NOTES = 10_000
FIRST_TYPE = "random_forest"


@needs(Action.RUNS_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def model_new(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Show the form of a model type (`?type=`), or submit the training."""
    experiment = found_or_refused(experiment_for, request.user, experiment_id, Level.EDITOR)
    types = {model.name: model for model in model_types_for(experiment.task)}
    model = types.get(request.GET.get("type", ""), types[FIRST_TYPE])
    form = ModelForm(request.POST or None, experiment=experiment, model=model)
    context = {"experiment": experiment, "form": form, "types": types.values(), "busy": None}
    if request.method == "POST" and form.is_valid():
        try:
            run = model_train(
                experiment=experiment,
                model_type=model.name,
                user=user_of(request),
                hyperparameters=form.hyperparameters,
                test_size=form.cleaned_data["test_size"],
                random_state=form.cleaned_data["random_state"],
                notes=form.cleaned_data["notes"],
            )
        except InvalidInputError as error:
            form.explain(error)
        except SubjectBusyError as error:
            context["busy"] = error
        else:
            messages.success(request, f"Run {run.number} is submitted.")
            return redirect("model_run", run.pk)
    return render(request, "pages/model_new.html", context)


def _run(request: HttpRequest, run_id: UUID, level: Level = Level.VIEWER) -> TrainingRun:
    return found_or_refused(model_run_for, request.user, run_id, level)


@needs(Action.RUNS_VIEW)
@require_safe
def model_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Show one model run; for htmx only what changes with its state."""
    found = _run(request, run_id)
    if found.experiment is None:  # a run of the shared pool has its own page
        return redirect("run", found.number)
    level = experiment_level(request.user, found.experiment)
    context: dict[str, object] = {
        "run": found,
        "view": RunView(found),
        "edits": level >= Level.EDITOR,
        "owns": level >= Level.OWNER,
        "searches": TuningRun.objects.filter(model_run=found).order_by("-created_at")[:50],
    }
    return page_or_part(request, "pages/model_run.html", "pages/_model_run.html", context)


@needs(Action.RUNS_VIEW)
@require_GET
async def model_run_events(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """Send what happens to a model run until its end."""
    return await events_response(request, await sync_to_async(_run)(request, run_id))


@needs(Action.RUNS_CANCEL)
@require_POST
def model_run_cancel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Cancel a run that is pending or running."""
    found = _run(request, run_id, Level.EDITOR)
    try:
        found = training_cancel(run=found, user=user_of(request))
    except NotCancellableError as error:
        messages.info(request, error.message)
    else:
        ended = "is cancelled" if found.is_ended else "is being cancelled"
        messages.info(request, f"Run {found.number} {ended}.")
    return redirect("model_run", found.pk)


@needs(Action.RUNS_TRAIN)
@require_POST
def model_run_notes(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Replace the notes of a run."""
    found = _run(request, run_id, Level.EDITOR)
    notes = request.POST.get("notes", "").replace("\r\n", "\n").strip()[:MAX_NOTES]
    if notes != found.notes:
        training_change_notes(run=found, notes=notes, user=user_of(request))
        messages.success(request, "The notes are saved.")
    return redirect("model_run", found.pk)


@needs(Action.RUNS_TRAIN)
@require_POST
def model_run_remove(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Delete a run with its version and its searches."""
    found = _run(request, run_id, Level.OWNER)
    try:
        model_run_delete(run=found, user=user_of(request))
    except ModelwrightError as error:
        messages.error(request, error.message)
        return redirect("model_run", found.pk)
    messages.success(request, f"Run {found.number} is deleted.")
    return redirect("experiment", found.experiment_id) if found.experiment_id else redirect("runs")


@needs(Action.RUNS_VIEW)
@require_safe
async def model_run_file(request: HttpRequest, run_id: UUID) -> StreamingHttpResponse:
    """Download the model file, once it is sure to be the one that was recorded."""
    handle, size, name = await sync_to_async(_open)(request, run_id)
    response = StreamingHttpResponse(_pieces(handle), content_type="application/octet-stream")
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _open(request: HttpRequest, run_id: UUID) -> tuple[BinaryIO, int, str]:
    found = _run(request, run_id)
    try:
        version = version_of_run(found)
        return artifact_open(version), version.size_bytes, f"{version.name}.pkl"
    except ModelwrightError as error:
        raise Http404(error.message) from error


async def _pieces(handle: BinaryIO) -> AsyncIterator[bytes]:
    with handle:
        while chunk := await asyncio.to_thread(handle.read, CHUNK):
            yield chunk
