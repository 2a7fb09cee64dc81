"""Exporting a version as one signed file, and importing one."""

from typing import BinaryIO, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level
from modelwright.catalog.machines import machine_named
from modelwright.catalog.models import Machine
from modelwright.core.errors import ModelwrightError
from modelwright.core.streaming import streamed
from modelwright.registry.errors import BundleError
from modelwright.registry.keys import bundle_signer
from modelwright.registry.models import Subject
from modelwright.registry.selectors import subject_for, subjects_visible
from modelwright.registry.transfer import Imported, version_export, version_import
from modelwright.web.requests import user_of
from modelwright.web.views.versions import version_of_page


@needs(Action.RUNS_VIEW)
@require_safe
def version_file(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Download a version as one signed file."""
    _, found = version_of_page(request, slug, number)
    try:
        name, bundle = version_export(found)
    except ModelwrightError as error:
        raise Http404(error.message) from error
    return streamed(request, bundle.pieces(), name=name, size=bundle.size_bytes)


@needs(Action.MODELS_PROMOTE)
@require_http_methods(["GET", "HEAD", "POST"])
def version_take(request: HttpRequest) -> HttpResponse:
    """Show the form that takes an exported version, or take one."""
    context: dict[str, object] = {
        "signer": bundle_signer(),
        "subjects": subjects_visible(request.user),
        "machines": Machine.objects.order_by("name"),
    }
    status = 200
    if request.method == "POST":
        try:
            done = _take(request)
        except ModelwrightError as error:
            status, context["fault"] = error.status, error.message
        else:
            what = "is imported" if done.is_new else "is here already"
            messages.success(request, f"{done.version.name} {what}.")
            slug = Subject.objects.get(key=done.version.subject).slug
            return redirect("version", slug, done.version.number)
    return render(request, "pages/version_import.html", context, status=status)


def _take(request: HttpRequest) -> Imported:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or file.file is None:
        raise BundleError("Choose a file first.")
    subject, machine = request.POST.get("subject", ""), request.POST.get("machine", "")
    return version_import(
        source=cast(BinaryIO, file.file),
        user=user_of(request),
        subject=subject_for(request.user, subject, Level.EDITOR) if subject else None,
        machine=machine_named(machine) if machine else None,
    )
