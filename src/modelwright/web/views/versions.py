"""One version of a model: its card, its names, its tags and notes."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level, experiment_level
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.promotion import alias_remove, alias_set
from modelwright.registry.selectors import subject_for, version_named
from modelwright.registry.services import version_change
from modelwright.web.finding import found_or_refused
from modelwright.web.requests import user_of
from modelwright.web.version_view import VersionView

MAX_NOTES = 10_000
MAX_TAG = 50
MAX_TAGS = 20


def version_of_page(
    request: HttpRequest, slug: str, number: int, level: Level = Level.VIEWER
) -> tuple[Subject, ModelVersion]:
    """Return a subject and its version of that number, or answer 404 or 403."""
    subject = found_or_refused(subject_for, request.user, slug, level)
    return subject, found_or_refused(version_named, subject, str(number))


@needs(Action.RUNS_VIEW)
@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the model card."""
    subject, found = version_of_page(request, slug, number)
    experiment = subject.experiment
    context = {
        "subject": subject,
        "version": found,
        "view": VersionView(subject, found),
        "edits": experiment is None or experiment_level(request.user, experiment) >= Level.EDITOR,
    }
    return render(request, "pages/version.html", context)


@needs(Action.RUNS_TRAIN)
@require_POST
def version_notes(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Replace tags and notes."""
    subject, found = version_of_page(request, slug, number, Level.EDITOR)
    words = (word.strip() for word in request.POST.get("tags", "").split(","))
    tags = list(dict.fromkeys(word for word in words if word))
    notes = request.POST.get("notes", "").replace("\r\n", "\n").strip()
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in tags):
        messages.error(request, f"At most {MAX_TAGS} tags of {MAX_TAG} characters each.")
    elif len(notes) > MAX_NOTES:
        messages.error(request, f"Notes have at most {MAX_NOTES:,} characters.")
    else:
        version_change(version=found, user=user_of(request), tags=tags, notes=notes)
        messages.success(request, "Saved.")
    return redirect("version", subject.slug, number)


@needs(Action.MODELS_PROMOTE)
@require_POST
def version_alias(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Point an alias at a version, or take one away from it."""
    subject, found = version_of_page(request, slug, number, Level.EDITOR)
    name = request.POST.get("name", "").strip()
    try:
        if request.POST.get("do") == "remove":
            alias_remove(subject=subject, name=name, user=user_of(request))
        else:
            alias_set(version=found, name=name, user=user_of(request))
        messages.success(request, "Saved.")
    except InvalidInputError as error:
        messages.error(
            request, " ".join(word for words in error.details.values() for word in words)
        )
    except ModelwrightError as error:
        messages.error(request, error.message)
    return redirect("version", subject.slug, number)
