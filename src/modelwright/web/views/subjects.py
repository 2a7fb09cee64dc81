"""The registry: models, their versions, promotion and rollback, their own policies."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.automation.loops import loop_decide, loop_stop
from modelwright.automation.policy_selectors import loop_for_user
from modelwright.catalog.access import Level
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.monitoring.traffic.checks import traffic_check
from modelwright.monitoring.traffic.following import traffic_catch_up
from modelwright.registry.models import Subject
from modelwright.registry.promotion import promotion_mode_change, version_promote, version_rollback
from modelwright.registry.selectors import subject_for, version_named
from modelwright.serving.journaling import journal
from modelwright.web.finding import found_or_refused, list_page
from modelwright.web.requests import reason_of, user_of
from modelwright.web.subject_view import SubjectView
from modelwright.web.subjects_list import SubjectList

CATCH_UP_SECONDS = 5.0


@needs(Action.RUNS_VIEW)
@require_safe
def subjects(request: HttpRequest) -> HttpResponse:
    """Show the registry; for htmx only its rows."""
    listing = SubjectList(request)
    return list_page(request, listing, "pages/subjects.html", "pages/_subjects_results.html")


def _subject(request: HttpRequest, slug: str, level: Level = Level.VIEWER) -> Subject:
    return found_or_refused(subject_for, request.user, slug, level)


@needs(Action.RUNS_VIEW)
@require_safe
def subject(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one model: its versions and its whole life."""
    found = _subject(request, slug)
    view = SubjectView(found, user_of(request), request.GET.get("before", ""))
    context = {"subject": found, "view": view}
    return render(request, "pages/subject.html", context)


@needs(Action.MODELS_PROMOTE)
@require_POST
def subject_promote(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a version the champion."""
    found = _subject(request, slug, Level.EDITOR)
    try:
        version = version_named(found, request.POST.get("version", ""))
        if not (reason := reason_of(request)):
            raise InvalidInputError({"reason": ["Say why: it stays on record."]})
        version_promote(version=version, user=user_of(request), reason=reason)
        messages.success(request, f"Version {version.number} answers now.")
    except ModelwrightError as error:
        messages.error(request, str(error))
    return redirect("subject", found.slug)


@needs(Action.MODELS_PROMOTE)
@require_POST
def subject_rollback(request: HttpRequest, slug: str) -> HttpResponse:
    """Go back to an earlier champion, by default the one before."""
    found = _subject(request, slug, Level.EDITOR)
    try:
        reason = reason_of(request) or "Rolled back from the page."
        named = request.POST.get("version", "")
        to = version_named(found, named) if named else None
        change = version_rollback(subject=found, user=user_of(request), reason=reason, to=to)
        messages.success(request, f"Version {change.to_number} answers again.")
    except ModelwrightError as error:
        messages.error(request, str(error))
    return redirect("subject", found.slug)


@needs(Action.MODELS_PROMOTE)
@require_POST
def subject_mode(request: HttpRequest, slug: str) -> HttpResponse:
    """Say whether the newest version answers by itself."""
    found = _subject(request, slug, Level.EDITOR)
    try:
        mode = request.POST.get("promotion", "")
        promotion_mode_change(subject=found, mode=mode, user=user_of(request))
        messages.success(request, "Saved.")
    except ModelwrightError as error:
        messages.error(request, str(error))
    return redirect("subject", found.slug)


@needs(Action.RUNS_TRAIN)
@require_POST
def subject_traffic(request: HttpRequest, slug: str) -> HttpResponse:
    """Check a model's traffic now."""
    found = _subject(request, slug, Level.EDITOR)
    try:
        journal.settle()  # what was answered a moment ago is a prediction, too
        traffic_catch_up(CATCH_UP_SECONDS)
        checked = traffic_check(subject=found)
        say = messages.warning if checked.alerts else messages.success
        say(request, checked.recommendation)
    except ModelwrightError as error:
        messages.error(request, error.message)
    return redirect("subject", found.slug)


@needs(Action.MODELS_PROMOTE)
@require_POST
def subject_policy(request: HttpRequest, slug: str) -> HttpResponse:
    """Save the policy of a model, or try its rules on the past."""
    found = _subject(request, slug, Level.EDITOR)
    view = SubjectView(found, user_of(request))
    if view.editor.sent(request.POST.dict(), user_of(request)):
        messages.success(request, "The policy is saved.")
        return redirect("subject", found.slug)
    context = {"subject": found, "view": view}
    status = 422 if view.editor.faults else 200
    return render(request, "pages/subject.html", context, status=status)


@needs(Action.MODELS_PROMOTE)
@require_POST
def loop_act(request: HttpRequest, loop_id: UUID, what: str) -> HttpResponse:
    """Decide about a challenger, or stop a loop."""
    loop = found_or_refused(loop_for_user, request.user, loop_id, Level.EDITOR)
    try:
        if what == "stop":
            loop_stop(loop=loop, user=user_of(request), reason=reason_of(request))
        else:
            reason = reason_of(request) or "Decided on the page."
            loop_decide(loop=loop, promote=what == "promote", user=user_of(request), reason=reason)
        messages.success(request, "Done.")
    except ModelwrightError as error:
        messages.error(request, str(error))
    return redirect("subject", loop.subject.slug)
