"""The design system on one page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.runs.states import Status
from modelwright.web.address import Pill
from modelwright.web.icons import ICONS
from modelwright.web.run_view import bars_of, matrix_rows
from modelwright.web.summary import spark_draw

COLOURS = (
    *("paper", "surface", "sunken", "raised", "line", "line-strong", "line-control"),
    *("ink", "ink-soft", "accent", "accent-fill", "accent-wash"),
    *("good", "good-wash", "bad", "bad-wash", "warn", "warn-wash", "idle", "idle-wash"),
)
SERIES = tuple(f"series-{n}" for n in range(1, 7))
MATRIX = {"labels": ["HIGH", "LOW", "MEDIUM"], "matrix": [[24, 0, 1], [0, 21, 2], [1, 3, 20]]}
IMPORTANCE = {"trend_score": 0.31, "scarcity_index": 0.22, "avg_salary_k": 0.09}
FIGURE = {
    "data": [
        {"type": "bar", "name": "Run 3", "x": ["Accuracy", "F1"], "y": [0.94, 0.93]},
        {"type": "bar", "name": "Run 5", "x": ["Accuracy", "F1"], "y": [0.98, 0.97]},
    ],
    "layout": {"barmode": "group"},
}


@needs(Action.SIGNED_IN)
@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Show every component, so that later pages are of one hand."""
    context = {
        "colours": COLOURS,
        "series": SERIES,
        "icons": sorted(ICONS),
        "statuses": Status.values,
        "pills": [Pill("Status", "failed", "#pills"), Pill("By", "mira", "#pills")],
        "matrix": matrix_rows(MATRIX),
        "labels": MATRIX["labels"],
        "bars": bars_of(IMPORTANCE),
        "spark": spark_draw([0.91, 0.94, 0.93, 0.96, 0.955, 0.98]),
        "figure": FIGURE,
    }
    return render(request, "pages/design.html", context)
