"""The list of training runs, and the fresh rows of those that are still open."""

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import training_runs
from modelwright.web.requests import page_or_part
from modelwright.web.runs_list import COLUMNS_COOKIE, PAGE_SIZE, READ, RunsList
from modelwright.web.summary import summary_get

YEAR_SECONDS = 365 * 24 * 3600
STOP_POLLING = HttpResponseStopPolling.status_code


@needs(Action.RUNS_VIEW)
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    """Show the list; for htmx only what is below the toolbar."""
    listing = RunsList(request)
    try:
        context = _context(listing)
    except DatabaseError:
        context = {"listing": listing, "broken": True}
    response = page_or_part(request, "pages/runs.html", "pages/_runs_results.html", context)
    if request.headers.get("HX-Request"):
        response["HX-Push-Url"] = str(listing.address)
    if chosen := listing.address.get("columns"):
        # commas would have to be quoted in a cookie
        response.set_cookie(
            COLUMNS_COOKIE, chosen.replace(",", "."), YEAR_SECONDS, samesite="Lax", httponly=True
        )
    return response


def _context(listing: RunsList) -> dict[str, object]:
    rows = listing.rows  # asked for here, so that a database that is away is noticed here
    return {
        "listing": listing,
        "rows": rows,
        "any": bool(rows.object_list) or bool(listing.pills),
        "summary": summary_get(),
        "tabs": listing.tabs,
        "users": listing.users,
    }


@needs(Action.RUNS_VIEW)
@require_safe
def runs_live(request: HttpRequest) -> HttpResponse:
    """Give the fresh rows of open runs; 286 ends the asking once all have ended."""
    numbers = [
        int(n) for n in request.GET.get("runs", "").split(",") if n.isdecimal() and len(n) < 16
    ]
    if not request.headers.get("HX-Request"):
        return redirect("runs")
    rows: list[TrainingRun] = list(
        training_runs()
        .filter(number__in=numbers[:PAGE_SIZE])
        .only("number", "user__username", *READ)
    )
    listing = RunsList(request)
    still_open = any(run.is_open for run in rows)
    response = render(
        request,
        "pages/_runs_live.html",
        {"listing": listing, "rows": rows, "tabs": listing.tabs},
        status=None if still_open else STOP_POLLING,
    )
    patch_vary_headers(response, ["HX-Request"])
    return response
