"""Data sets: the list, handing one in, its profile, deleting it."""

import json
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level, dataset_for
from modelwright.catalog.drafts import MAX_NAME, Draft
from modelwright.catalog.models import DataSet
from modelwright.catalog.services import (
    dataset_register_file,
    dataset_register_path,
    target_profile,
)
from modelwright.catalog.uploads import (
    upload_discard,
    upload_for,
    upload_offset,
    uploads_open,
)
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.registry.removal import dataset_remove
from modelwright.web.dataset_view import DataSetList, DataSetView
from modelwright.web.datasets import datasets_found
from modelwright.web.finding import found_or_refused, list_page
from modelwright.web.requests import user_of


@needs(Action.RUNS_VIEW)
@require_safe
def datasets(request: HttpRequest) -> HttpResponse:
    """Show the list; for htmx only its rows."""
    listing = DataSetList(request)
    return list_page(request, listing, "pages/datasets.html", "pages/_datasets_results.html")


@needs(Action.RUNS_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def dataset_new(request: HttpRequest) -> HttpResponse:
    """Show the form, or take a file (or the path of one in the data folder).

    With script the file goes over REST in pieces instead; without, the form is an ordinary one.
    """
    if request.method != "POST":
        return _form(request)
    try:
        dataset = _register(request)
    except InvalidInputError as error:
        faults = [m for found in error.details.values() for m in found]
        return _form(request, faults, status=error.status)
    except ModelwrightError as error:
        return _form(request, [error.message], status=error.status)
    messages.success(request, f"{dataset.name} is read: {dataset.row_count:,} rows.")
    return redirect("dataset", dataset.pk)


def _register(request: HttpRequest) -> DataSet:
    user, name = user_of(request), request.POST.get("name", "").strip()[:MAX_NAME]
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        with Draft(file.name or "") as draft:
            for piece in file.chunks():
                draft.write(piece)
            return dataset_register_file(draft=draft, user=user, name=name)
    path = request.POST.get("path", "").strip()
    if not path:
        raise InvalidInputError({"file": ["Choose a file, or one that lies in the data folder."]})
    return dataset_register_path(path=path, user=user, name=name)


def _form(request: HttpRequest, faults: list[str] | None = None, status: int = 200) -> HttpResponse:
    context = {
        "faults": faults or [],
        "files": datasets_found(),
        "name": request.POST.get("name", ""),
        "path": request.POST.get("path", ""),
        "unfinished": [
            (upload, round(100 * upload_offset(upload) / upload.size_bytes))
            for upload in uploads_open(user_of(request))
        ],
    }
    return render(request, "pages/dataset_new.html", context, status=status)


@needs(Action.RUNS_TRAIN)
@require_POST
def upload_end(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Discard an unfinished upload."""
    upload = found_or_refused(upload_for, user_of(request), upload_id)
    upload_discard(upload=upload, user=user_of(request))
    messages.success(request, f"What was there of {upload.source} is discarded.")
    return redirect("dataset_new")


@needs(Action.RUNS_VIEW)
@require_safe
def dataset(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    """Show one data set; with `?target=` how its columns go with that one."""
    found = found_or_refused(dataset_for, request.user, dataset_id)
    name, told, fault = request.GET.get("target", ""), None, ""
    if name:
        try:
            told = target_profile(dataset=found, target=name)
        except ModelwrightError as error:
            fault = error.message
    view = DataSetView(found, user_of(request), told)
    context = {"dataset": found, "view": view, "target": name, "fault": fault}
    return render(request, "pages/dataset.html", context)


@needs(Action.RUNS_TRAIN)
@require_POST
def dataset_delete(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    """Delete a data set, and what hangs on it where that was shown before."""
    found = found_or_refused(dataset_for, request.user, dataset_id, Level.OWNER)
    try:
        dataset_remove(dataset=found, user=user_of(request), force=request.POST.get("all") == "yes")
    except ModelwrightError as error:
        messages.error(request, f"{error.message} {_uses(error)}".strip())
        return redirect("dataset", found.pk)
    messages.success(request, f"{found.name} is deleted.")
    return redirect("datasets")


def _uses(error: ModelwrightError) -> str:
    uses = error.data.get("uses")
    return json.dumps(uses)[1:-1].replace('"', "") if uses else ""
