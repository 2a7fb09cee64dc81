"""Alerts: the inbox, and what a person does with one."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level
from modelwright.core.clock import now
from modelwright.core.errors import ModelwrightError
from modelwright.monitoring.alerts import alert_acknowledge, alert_resolve, alert_silence
from modelwright.monitoring.selectors import alert_for
from modelwright.web.alerts_list import AlertList
from modelwright.web.finding import found_or_refused, list_page
from modelwright.web.requests import user_of

HOURS = {"1": 1, "24": 24, "168": 168}
MAX_WORDS = 1000


@needs(Action.RUNS_VIEW)
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """Show the inbox; for htmx only its rows."""
    return list_page(request, AlertList(request), "pages/alerts.html", "pages/_alerts_results.html")


@needs(Action.RUNS_TRAIN)
@require_POST
def alert_change(request: HttpRequest, alert_id: UUID, what: str) -> HttpResponse:
    """Acknowledge, resolve or silence an alert."""
    user = user_of(request)
    alert = found_or_refused(alert_for, user, alert_id, Level.EDITOR)
    try:
        if what == "acknowledge":
            alert_acknowledge(alert=alert, user=user)
            messages.success(request, "Acknowledged: you have it in hand.")
        elif what == "resolve":
            words = request.POST.get("resolution", "").strip()[:MAX_WORDS]
            alert_resolve(alert=alert, user=user, resolution=words)
            messages.success(request, "Resolved.")
        else:
            hours = HOURS.get(request.POST.get("hours", ""), 24)
            alert_silence(alert=alert, until=now() + dt.timedelta(hours=hours), user=user)
            messages.success(request, f"Silent for {hours} h.")
    except ModelwrightError as error:
        messages.error(request, error.message)
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """Return the page of the inbox that the form stood on."""
    query = request.POST.get("back", "")
    return f"/ui/alerts?{query}" if query and "\n" not in query and "\r" not in query else "alerts"
