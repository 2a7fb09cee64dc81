"""Comparing two versions of a model on the same data."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level, dataset_for, datasets_visible
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.registry.comparing import comparison_for, comparison_submit, comparisons_of
from modelwright.registry.models import Comparison, Subject
from modelwright.registry.selectors import subject_for, version_named, versions_of
from modelwright.web.finding import found_or_refused
from modelwright.web.requests import page_or_part, user_of

SHOWN = 20
DATASETS_SHOWN = 200


@needs(Action.RUNS_VIEW)
@require_safe
def version_compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form and the comparisons so far."""
    subject = found_or_refused(subject_for, request.user, slug)
    numbers = [str(version.number) for version in versions_of(subject)]
    second = request.GET.get("b") or next(iter(numbers), "")
    context = {
        "subject": subject,
        "versions": versions_of(subject).filter(removed_at__isnull=True),
        "a": request.GET.get("a") or next((n for n in numbers if n != second), ""),
        "b": second,
        "datasets": datasets_visible(request.user)[:DATASETS_SHOWN],
        "comparisons": comparisons_of(subject)[:SHOWN],
    }
    return render(request, "pages/version_compare.html", context)


@needs(Action.RUNS_TRAIN)
@require_POST
def compare_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Have two versions compared."""
    subject = found_or_refused(subject_for, request.user, slug, Level.EDITOR)
    try:
        return redirect("comparison", _submit(request, subject).pk)
    except InvalidInputError as error:
        messages.error(request, " ".join(w for words in error.details.values() for w in words))
    except (ModelwrightError, ValueError) as error:
        messages.error(request, str(error))
    return redirect("version_compare", slug)


def _submit(request: HttpRequest, subject: Subject) -> Comparison:
    """Queue what the form says; raises as `comparison_submit`, and ValueError for a bad id."""
    dataset = request.POST.get("dataset", "")
    # a form's times have no zone: they are meant as UTC, as the page says
    start, end = (
        parse_datetime(f"{text}+00:00") if (text := request.POST.get(name, "")) else None
        for name in ("start", "end")
    )
    return comparison_submit(
        a=version_named(subject, request.POST.get("a", "")),
        b=version_named(subject, request.POST.get("b", "")),
        user=user_of(request),
        dataset=dataset_for(request.user, UUID(dataset)) if dataset else None,
        start=start,
        end=end,
    )


@needs(Action.RUNS_VIEW)
@require_safe
def comparison(request: HttpRequest, comparison_id: UUID) -> HttpResponse:
    """Show one comparison; for htmx only what changes until its end."""
    found = found_or_refused(comparison_for, request.user, comparison_id)
    return page_or_part(
        request, "pages/comparison.html", "pages/_comparison.html", {"comparison": found}
    )
