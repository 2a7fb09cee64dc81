"""The page of contract B: how the models of machines do."""

from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST, require_safe

from modelwright.abtests.models import ABTest
from modelwright.abtests.selectors import ab_test_for
from modelwright.abtests.services import ABTestRequest, ab_test_cancel, ab_test_start
from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level
from modelwright.catalog.machines import machine_get
from modelwright.catalog.models import Machine
from modelwright.core.errors import ModelwrightError
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.monitoring.drift import drift_check_run
from modelwright.registry.models import Subject
from modelwright.registry.selectors import subject_for, version_named
from modelwright.runs.errors import NotCancellableError
from modelwright.runs.machine_jobs import machine_job_get
from modelwright.runs.machine_services import machine_subject
from modelwright.runs.services import training_cancel
from modelwright.web.finding import found_or_refused
from modelwright.web.performance_view import PerformanceView
from modelwright.web.requests import page_or_part, user_of
from modelwright.web.views.events import events_response

PAGE = "pages/model_performance.html"
PART = "pages/_model_performance.html"
HOURS_A_DAY = 24


def page_of(machine: Machine, model_type: str) -> str:
    """Return the address of a model's page."""
    query = urlencode({"model_type": model_type, "machine": str(machine.pk)})
    return f"{reverse('model_performance')}?{query}"


@needs(Action.RUNS_VIEW)
@require_safe
def model_performance(request: HttpRequest) -> HttpResponse:
    """Show how a model does; for htmx only what changes."""
    return page_or_part(request, PAGE, PART, {"view": PerformanceView(request)})


@needs(Action.RUNS_VIEW)
@require_GET
async def job_events(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Send what happens to a training until its end."""
    run = await sync_to_async(found_or_refused)(machine_job_get, job_id)
    return await events_response(request, run)


@needs(Action.RUNS_CANCEL)
@require_POST
def job_cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Cancel a training that is pending or running."""
    run = found_or_refused(machine_job_get, job_id)
    try:
        training_cancel(run=run, user=user_of(request))
        messages.info(request, f"Run {run.number} is being cancelled.")
    except NotCancellableError as error:
        messages.info(request, error.message)
    return redirect(_page_of_run(run.machine, run.model_type))


def _page_of_run(machine: Machine | None, model_type: str) -> str:
    return reverse("model_performance") if machine is None else page_of(machine, model_type)


def _asked(request: HttpRequest) -> tuple[Machine, str]:
    """Return the machine and the model type that a form names."""
    try:
        wanted = UUID(request.POST.get("machine", ""))
    except ValueError:
        wanted = UUID(int=0)
    machine = found_or_refused(machine_get, wanted)
    model_type = request.POST.get("model_type", "")
    return machine, model_type if model_type in MACHINE_MODEL_TYPES else "baseline"


@needs(Action.RUNS_TRAIN)
@require_POST
def drift_check(request: HttpRequest) -> HttpResponse:
    """Check a model for drift now."""
    machine, model_type = _asked(request)
    try:
        found = drift_check_run(machine=machine, model_type=model_type, user=user_of(request))
    except ModelwrightError as error:
        messages.error(request, error.message)
    else:
        what = "No drift was found." if not found.is_drift else found.recommendation
        (messages.warning if found.is_drift else messages.success)(request, what)
    return redirect(page_of(machine, model_type))


@needs(Action.RUNS_TRAIN)
@require_POST
def ab_test_new(request: HttpRequest) -> HttpResponse:
    """Start a test of two versions."""
    machine, model_type = _asked(request)
    subject = found_or_refused(
        Subject.objects.filter(key=machine_subject(model_type, machine)).first
    )
    try:
        if subject is None:
            raise ModelwrightError("There is no version yet: train one first.")
        ab_test_start(request=_request(request, subject), user=user_of(request))
        messages.success(request, "The test has begun.")
    except ModelwrightError as error:
        messages.error(request, str(error))
    return redirect(page_of(machine, model_type))


def _request(request: HttpRequest, subject: Subject) -> ABTestRequest:
    posted = request.POST
    return ABTestRequest(
        name=posted.get("test_name", "").strip() or f"{subject.title}",
        version_a=version_named(subject, posted.get("a", "")),
        version_b=version_named(subject, posted.get("b", "")),
        duration_hours=HOURS_A_DAY * _number(posted.get("days") or "60", "Its length in days"),
        margin=_number(posted.get("margin") or "0", "The margin"),
    )


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ModelwrightError(f"{what} must be a number, not '{text[:40]}'.") from error


@needs(Action.RUNS_TRAIN)
@require_POST
def ab_test_end(request: HttpRequest, test_id: UUID) -> HttpResponse:
    """Cancel a test."""
    test: ABTest = found_or_refused(ab_test_for, request.user, test_id, Level.EDITOR)
    try:
        ab_test_cancel(test=test, user=user_of(request))
        messages.info(request, "The test is cancelled.")
    except ModelwrightError as error:
        messages.error(request, error.message)
    if test.machine is not None:
        return redirect(page_of(test.machine, test.model_type))
    found_or_refused(subject_for, request.user, test.subject.slug)
    return redirect("home")
