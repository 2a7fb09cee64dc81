"""What people do about the models of a machine on its page: train, mark, take the numbers away."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.machines import machine_get
from modelwright.core.errors import ModelwrightError
from modelwright.engine.errors import ModelTrainerError
from modelwright.monitoring.anomalies import anomaly_get
from modelwright.monitoring.anomalies import anomaly_mark as anomaly_is
from modelwright.runs.retraining import retrain_trigger
from modelwright.web.finding import found_or_refused
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections import SECTIONS
from modelwright.web.machine_sections.expected import compared_of
from modelwright.web.requests import user_of
from modelwright.web.sheet import Table, to_csv, to_xlsx
from modelwright.web.sheet_expected import expected_table
from modelwright.web.views.machines import section_page
from modelwright.web.views.performance import page_of

KINDS: dict[str, tuple[Callable[[Table], bytes], str]] = {
    "csv": (to_csv, "text/csv; charset=utf-8"),
    "xlsx": (to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@needs(Action.RUNS_TRAIN)
@require_POST
def machine_train(request: HttpRequest, machine_id: UUID) -> HttpResponse:
    """Have a model of a machine trained, and show how it goes."""
    machine = found_or_refused(machine_get, machine_id)
    model_type = request.POST.get("model_type", "")
    try:
        found = retrain_trigger(machine=machine, model_type=model_type, user=user_of(request))
    except ModelwrightError as error:
        messages.error(request, str(error))
        return redirect("machine", machine.pk)
    if found.run is None:
        messages.error(
            request, f"Another training job is running for this model: run {found.busy_with}."
        )
    else:
        messages.success(request, f"Retraining triggered: job {found.run.pk}")
    return redirect(page_of(machine, model_type))


@needs(Action.RUNS_TRAIN)
@require_POST
def anomaly_mark(request: HttpRequest, machine_id: UUID, anomaly_id: UUID) -> HttpResponse:
    """Say whether an anomaly was a false alarm; for htmx answer with the section."""
    machine = found_or_refused(machine_get, machine_id)
    anomaly = found_or_refused(anomaly_get, machine, anomaly_id)
    is_false_alarm = request.POST.get("is_false_alarm") == "yes"
    anomaly_is(anomaly=anomaly, is_false_alarm=is_false_alarm, user=user_of(request))
    if request.headers.get("HX-Request"):
        return section_page(request, machine, SECTIONS["anomalies"])
    query = Range.read(machine, request.GET).query
    return redirect(f"{reverse('machine', args=[machine.pk])}?{query}#anomalies")


@needs(Action.RUNS_VIEW)
@require_safe
def expected(request: HttpRequest, machine_id: UUID, kind: str) -> HttpResponse:
    """Download what was read of a range and what the baseline expected, unrounded."""
    machine = found_or_refused(machine_get, machine_id)
    if kind not in KINDS:
        raise Http404("There is no such export.")
    write, media_type = KINDS[kind]
    try:
        table = expected_table(compared_of(Range.read(machine, request.GET)), machine.timezone)
    except (ModelwrightError, ModelTrainerError) as error:
        messages.error(request, str(error))
        return redirect("machine", machine.pk)
    response = HttpResponse(write(table), content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="expected-{machine.pk}.{kind}"'
    return response
