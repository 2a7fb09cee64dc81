"""Two or more runs side by side."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.runs.selectors import training_runs
from modelwright.runs.states import Status
from modelwright.web.comparison import MAX_RUNS, Comparison

SUGGESTED = 2
MAX_DIGITS = 15


@needs(Action.RUNS_VIEW)
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Compare the runs of `?runs=3,5,9`; the first is what the others are measured by."""
    ticked = request.GET.getlist("run")
    if ticked:  # from the checkboxes of the list, without script
        return redirect(f"{reverse('compare')}?runs={','.join(n for n in ticked if n.isdecimal())}")
    asked = _numbers(request.GET.get("runs", ""))
    found = {run.number: run for run in training_runs().filter(number__in=asked)}
    runs = [found[number] for number in asked if number in found]
    context: dict[str, object] = {
        "comparison": Comparison(runs) if len(runs) > 1 else None,
        "runs": runs,
        "missing": [number for number in asked if number not in found],
        "suggestion": _suggestion() if len(runs) < SUGGESTED else "",
    }
    return render(request, "pages/compare.html", context)


def _numbers(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",")]
    numbers = [int(word) for word in words if word.isdecimal() and len(word) <= MAX_DIGITS]
    return list(dict.fromkeys(numbers))[:MAX_RUNS]


def _suggestion() -> str:
    """Return the address that compares the last two completed runs, empty where there are less."""
    newest = training_runs().filter(status=Status.COMPLETED).values_list("number", flat=True)
    numbers = sorted(newest[:SUGGESTED])
    if len(numbers) < SUGGESTED:
        return ""
    return f"{reverse('compare')}?runs={','.join(map(str, numbers))}"
