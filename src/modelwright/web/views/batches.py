"""Predictions for whole data sets: the list, starting one, watching it, its file."""

from collections.abc import Iterator
from typing import Any, BinaryIO
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level
from modelwright.core.errors import ModelwrightError
from modelwright.core.streaming import streamed
from modelwright.registry.selectors import subject_for
from modelwright.runs.errors import NotCancellableError
from modelwright.serving.batch_models import BatchPrediction
from modelwright.serving.batches import (
    batch_cancel,
    batch_file_owner_require,
    batch_for,
    batch_open,
)
from modelwright.serving.retention import batch_file_delete
from modelwright.web.abtest_form import faults_of
from modelwright.web.batches import BatchForm, BatchList, BatchView
from modelwright.web.finding import found_or_refused, list_page
from modelwright.web.requests import page_or_part, user_of

CHUNK_BYTES = 1 << 16


@needs(Action.RUNS_VIEW)
@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    """Show the list; for htmx only its rows."""
    listing = BatchList(request)
    return list_page(request, listing, "pages/batches.html", "pages/_batches_results.html")


def _batch(request: HttpRequest, batch_id: UUID, level: Level = Level.VIEWER) -> BatchPrediction:
    return found_or_refused(batch_for, request.user, batch_id, level)


@needs(Action.RUNS_VIEW)
@require_safe
def batch_row(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Give the fresh row of a batch in the list."""
    return render(request, "pages/_batch_row.html", {"batch": _batch(request, batch_id)})


@needs(Action.RUNS_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_new(request: HttpRequest) -> HttpResponse:
    """Ask for the model, then show the form for it; start a batch."""
    slug = request.GET.get("model", "")
    subject = found_or_refused(subject_for, request.user, slug) if slug else None
    form = BatchForm(user_of(request), subject, request.POST.dict())
    context: dict[str, Any] = {"form": form, "subject": subject}
    status = 200
    if request.method == "POST":
        try:
            return redirect("batch", form.start().pk)
        except ModelwrightError as error:
            context["faults"], status = faults_of(error), 422
    return render(request, "pages/batch_new.html", context, status=status)


@needs(Action.RUNS_VIEW)
@require_safe
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Show one batch; for htmx only what changes until its end."""
    found = _batch(request, batch_id)
    view = BatchView(found, user_of(request))
    context: dict[str, object] = {"batch": found, "view": view}
    return page_or_part(request, "pages/batch.html", "pages/_batch.html", context)


@needs(Action.RUNS_CANCEL)
@require_POST
def batch_end(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Cancel a batch."""
    found = _batch(request, batch_id, Level.EDITOR)
    try:
        ended = batch_cancel(batch=found, user=user_of(request)).is_ended
        messages.info(request, f"It {'is' if ended else 'is being'} cancelled.")
    except NotCancellableError as error:
        messages.info(request, error.message)
    return redirect("batch", found.pk)


@needs(Action.RUNS_VIEW)
@require_safe
def batch_file(request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
    """Download the answers."""
    found = _batch(request, batch_id)
    handle = found_or_refused(batch_open, request.user, found)
    name = f"predictions-{found.pk}.csv"
    answer = streamed(request, _pieces(handle), name=name, size=found.size_bytes or 0)
    answer["Content-Type"] = "text/csv"
    return answer


def _pieces(handle: BinaryIO) -> Iterator[bytes]:
    with handle:
        while piece := handle.read(CHUNK_BYTES):
            yield piece


@needs(Action.RUNS_CANCEL)
@require_POST
def batch_file_remove(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Delete the answers; the batch stays on record."""
    found = _batch(request, batch_id)
    found_or_refused(batch_file_owner_require, request.user, found)
    try:
        batch_file_delete(batch=found, user=user_of(request))
        messages.success(request, "The file is deleted.")
    except ModelwrightError as error:
        messages.info(request, error.message)
    return redirect("batch", found.pk)
