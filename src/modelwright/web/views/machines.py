"""Machines: the list, one machine in sections, making, changing and deleting one, its readings."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action, may
from modelwright.catalog.errors import MachineExistsError, ReadingsRefusedError
from modelwright.catalog.ingest import ON_ERROR, Ingested, readings_store
from modelwright.catalog.ingest_files import feed_for
from modelwright.catalog.ingest_parse import rows_of
from modelwright.catalog.machines import machine_change, machine_create, machine_get
from modelwright.catalog.models import Machine
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.registry.machine_removal import machine_remove, machine_uses
from modelwright.web.finding import found_or_refused, list_page
from modelwright.web.machine_form import MachineForm
from modelwright.web.machine_health import health_of, open_alerts
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections import SECTIONS
from modelwright.web.machine_sections.base import Section
from modelwright.web.machine_sections.readings import channel_of
from modelwright.web.machines_list import MachineList
from modelwright.web.requests import page_or_part, user_of


@needs(Action.RUNS_VIEW)
@require_safe
def machines(request: HttpRequest) -> HttpResponse:
    """Show the list; for htmx only its rows."""
    listing = MachineList(request)
    return list_page(request, listing, "pages/machines.html", "pages/_machines_results.html")


@needs(Action.RUNS_VIEW)
@require_safe
def machine(request: HttpRequest, machine_id: UUID) -> HttpResponse:
    """Show one machine: its head at once, each section as it is ready."""
    found = found_or_refused(machine_get, machine_id)
    alerts = open_alerts([found]).get(found.pk, {})
    channel = channel_of(request.GET.get("channel", ""), found.channels)
    context = {
        "machine": found,
        "range": Range.read(found, request.GET),
        "health": health_of(found, alerts),
        "alerts": sum(alerts.values()),
        "sections": list(SECTIONS.values()),
        "channel": channel,
        "uses": machine_uses(found) if may(request.user, Action.RUNS_TRAIN) else [],
    }
    return render(request, "pages/machine.html", context)


@needs(Action.RUNS_VIEW)
@require_safe
def machine_section(request: HttpRequest, machine_id: UUID, name: str) -> HttpResponse:
    """Show one section; for htmx only its inside."""
    found = found_or_refused(machine_get, machine_id)
    if name not in SECTIONS:
        raise Http404(f"A machine's page has no section {name[:40]!r}.")
    return section_page(request, found, SECTIONS[name])


def section_page(request: HttpRequest, machine: Machine, section: Section) -> HttpResponse:
    """Return a section of a machine's page, for the range of the request's address."""
    shown = Range.read(machine, request.GET)
    context: dict[str, Any] = {"machine": machine, "range": shown, "section": section}
    context |= section.context(request, shown)
    return page_or_part(request, "pages/machine_section.html", "machine/_section.html", context)


@needs(Action.RUNS_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def machine_new(request: HttpRequest) -> HttpResponse:
    """Show the form, or make a machine."""
    form = MachineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = machine_create(user=user_of(request), **form.fields_said())
        except InvalidInputError as error:
            form.explain(error)
        except MachineExistsError as error:
            form.add_error("name", error.message)
        else:
            messages.success(request, f"{made.name} is there: send its readings next.")
            return redirect("machine", made.pk)
    return render(request, "pages/machine_form.html", {"form": form}, status=_status(form))


@needs(Action.RUNS_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def machine_edit(request: HttpRequest, machine_id: UUID) -> HttpResponse:
    """Show the form, or change the machine."""
    found = found_or_refused(machine_get, machine_id)
    form = MachineForm(request.POST) if request.method == "POST" else MachineForm.of(found)
    if request.method == "POST" and form.is_valid():
        try:
            machine_change(machine=found, user=user_of(request), **form.fields_said())
        except InvalidInputError as error:
            form.explain(error)
        except MachineExistsError as error:
            form.add_error("name", error.message)
        else:
            messages.success(request, "Saved.")
            return redirect("machine", found.pk)
    context = {"form": form, "machine": found}
    return render(request, "pages/machine_form.html", context, status=_status(form))


def _status(form: MachineForm) -> int:
    return 422 if form.is_bound and form.errors else 200


@needs(Action.RUNS_TRAIN)
@require_POST
def machine_delete(request: HttpRequest, machine_id: UUID) -> HttpResponse:
    """Delete a machine, and what hangs on it where that was shown before."""
    found = found_or_refused(machine_get, machine_id)
    try:
        machine_remove(machine=found, user=user_of(request), force=request.POST.get("all") == "yes")
    except ModelwrightError as error:
        messages.error(request, error.message)
        return redirect("machine", found.pk)
    messages.success(request, f"{found.name} is deleted.")
    return redirect("machines")


@needs(Action.RUNS_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def machine_readings(request: HttpRequest, machine_id: UUID) -> HttpResponse:
    """Show the form that takes a file of readings, or what became of one."""
    found = found_or_refused(machine_get, machine_id)
    context: dict[str, Any] = {"machine": found, "on_error": request.POST.get("on_error", "reject")}
    status = 200
    if request.method == "POST":
        file = request.FILES.get("file")
        context["file"] = getattr(file, "name", "")
        try:
            done = _store(request, found, file)
            context |= {"done": done, "errors": done.errors}
        except ModelwrightError as error:
            status = error.status
            context |= {"fault": error.message, "errors": error.data.get("errors", ())}
    return render(request, "pages/machine_readings.html", context, status=status)


def _store(request: HttpRequest, machine: Machine, file: object) -> Ingested:
    """Store the readings of a file.

    Raises
    ------
    ReadingsRefusedError, TooLargeError
        See `readings_store`; or there is no file, or none of a known kind.
    """
    if not isinstance(file, UploadedFile):
        raise ReadingsRefusedError("Choose a file first.")
    rows = rows_of(
        feed_for(file.name or ""),
        file,
        max_rows=settings.READINGS_MAX_ROWS,
        max_bytes=settings.READINGS_MAX_BYTES,
    )
    on_error = request.POST.get("on_error", "")
    return readings_store(
        machine=machine,
        rows=rows,
        user=user_of(request),
        on_error=on_error if on_error in ON_ERROR else ON_ERROR[0],
    )
