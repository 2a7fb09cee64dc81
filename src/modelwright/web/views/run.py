"""One run: its page, its notes, cancelling it, and what may be downloaded."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.core.files import UnsafePathError
from modelwright.core.store import file_here
from modelwright.runs.errors import NotCancellableError
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import training_cancel, training_change_notes
from modelwright.web.requests import page_or_part, run_or_404, user_of
from modelwright.web.run_view import RunView, metrics_as_dict, run_as_dict

CHUNK = 256 * 1024
MAX_NOTES = 10_000


@needs(Action.RUNS_VIEW)
@require_safe
def run(request: HttpRequest, number: int) -> HttpResponse:
    """Show one run; for htmx only what changes with its state."""
    found = run_or_404(number)
    context: dict[str, object] = {"run": found, "view": RunView(found)}
    return page_or_part(request, "pages/run.html", "pages/_run.html", context)


@needs(Action.RUNS_CANCEL)
@require_POST
def run_cancel(request: HttpRequest, number: int) -> HttpResponse:
    """Cancel a run that is pending or running."""
    found = run_or_404(number)
    try:
        found = training_cancel(run=found, user=user_of(request))
    except NotCancellableError as error:
        messages.info(request, error.message)
    else:
        ended = "is cancelled" if found.is_ended else "is being cancelled"
        messages.info(request, f"Run {number} {ended}.")
    return redirect("run", number)


@needs(Action.RUNS_TRAIN)
@require_POST
def run_notes(request: HttpRequest, number: int) -> HttpResponse:
    """Replace the notes of a run."""
    found = run_or_404(number)
    notes = request.POST.get("notes", "").replace("\r\n", "\n").strip()
    if len(notes) > MAX_NOTES:
        messages.error(request, f"The notes are longer than {MAX_NOTES} characters: not saved.")
    elif notes != found.notes:
        training_change_notes(run=found, notes=notes, user=user_of(request))
        messages.success(request, "The notes are saved.")
    return redirect("run", number)


@needs(Action.RUNS_VIEW)
@require_safe
def run_json(_request: HttpRequest, number: int) -> HttpResponse:
    """Download all that is recorded of the run."""
    return _download(run_as_dict(run_or_404(number)), f"run-{number}.json")


@needs(Action.RUNS_VIEW)
@require_safe
def run_metrics(_request: HttpRequest, number: int) -> HttpResponse:
    """Download the results of the run."""
    return _download(metrics_as_dict(run_or_404(number)), f"run-{number}-metrics.json")


def _download(data: dict[str, object], name: str) -> HttpResponse:
    response = JsonResponse(data, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@needs(Action.RUNS_VIEW)
@require_safe
async def run_model(_request: HttpRequest, number: int) -> StreamingHttpResponse:
    """Download the model file, in pieces: it may be larger than the memory."""
    handle, size, name = await sync_to_async(_open_model)(number)
    response = StreamingHttpResponse(_pieces(handle), content_type="application/octet-stream")
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _open_model(number: int) -> tuple[BinaryIO, int, str]:
    found: TrainingRun = run_or_404(number)
    if not found.model_path:
        raise Http404(f"Run {number} made no model.")
    try:
        path: Path = file_here(found.model_path, closed=(settings.SYSTEM_DIR,))
        return path.open("rb"), path.stat().st_size, path.name
    except (OSError, UnsafePathError) as error:
        raise Http404(f"The model file of run {number} is no longer there.") from error


async def _pieces(handle: BinaryIO) -> AsyncIterator[bytes]:
    with handle:
        while chunk := await asyncio.to_thread(handle.read, CHUNK):
            yield chunk
