"""Schedules: when the scheduled jobs run, what they did; pausing, changing and running them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action, may
from modelwright.automation.errors import ScheduleNotFoundError
from modelwright.automation.plans import plans, schedule_runs, scheduler_is_running
from modelwright.automation.services import schedule_change, schedule_run_now
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.web.requests import user_of

SHOWN_RUNS = 5


@needs(Action.RUNS_VIEW)
@require_safe
def schedules(request: HttpRequest) -> HttpResponse:
    """Show every scheduled job with its times and its last runs."""
    rows = [(plan, plan.next_run(), schedule_runs(plan.job.name)[:SHOWN_RUNS]) for plan in plans()]
    context = {
        "rows": rows,
        "is_running": scheduler_is_running(),
        "may_change": may(request.user, Action.SCHEDULES_CHANGE),
    }
    return render(request, "pages/schedules.html", context)


@needs(Action.SCHEDULES_CHANGE)
@require_POST
def schedule_edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change the times, or pause the job or go on with it."""
    given = {field: request.POST.get(field) for field in ("expression", "timezone")}
    switch = request.POST.get("is_enabled")
    try:
        plan = schedule_change(
            name=name,
            user=user_of(request),
            is_enabled=None if switch is None else switch == "true",
            **given,
        )
    except InvalidInputError as error:
        messages.error(request, f"Not saved. {error.message}")
    except ScheduleNotFoundError as error:
        messages.error(request, error.message)
    else:
        state = plan.words if plan.schedule.is_enabled else "paused"
        messages.success(request, f"{plan.job.title}: {state}.")
    return redirect("schedules")


@needs(Action.RUNS_TRAIN)
@require_POST
def schedule_run(request: HttpRequest, name: str) -> HttpResponse:
    """Run the job now."""
    try:
        run = schedule_run_now(name=name, user=user_of(request))
    except ModelwrightError as error:
        messages.error(request, error.message)
    else:
        if run is None:
            messages.error(request, "It is under way already: wait for its end.")
        else:
            messages.success(request, "Started.")
    return redirect("schedules")
