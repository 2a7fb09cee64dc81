"""A/B tests: the list, one test, and the form that plans and starts one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from modelwright.abtests.models import ABTest
from modelwright.abtests.selectors import ab_test_for
from modelwright.abtests.services import ab_test_cancel, ab_test_conclude, ab_test_start
from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level
from modelwright.core.errors import ModelwrightError
from modelwright.registry.selectors import subject_for
from modelwright.web.abtest_form import ABTestForm, faults_of
from modelwright.web.abtest_view import ABTestView
from modelwright.web.abtests_list import ABTestList
from modelwright.web.finding import found_or_refused, list_page
from modelwright.web.requests import user_of


@needs(Action.RUNS_VIEW)
@require_safe
def ab_tests(request: HttpRequest) -> HttpResponse:
    """Show the tests; for htmx only their rows."""
    listing = ABTestList(request)
    return list_page(request, listing, "pages/ab_tests.html", "pages/_ab_tests_results.html")


@needs(Action.RUNS_VIEW)
@require_safe
def ab_test(request: HttpRequest, test_id: UUID) -> HttpResponse:
    """Show one test, with what is known by now."""
    found = found_or_refused(ab_test_for, request.user, test_id)
    view = ABTestView(found, user_of(request))
    return render(request, "pages/ab_test.html", {"view": view, "test": view.test})


@needs(Action.RUNS_TRAIN)
@require_POST
def ab_test_act(request: HttpRequest, test_id: UUID, what: str) -> HttpResponse:
    """End a test: with what is known, or without a verdict."""
    test: ABTest = found_or_refused(ab_test_for, request.user, test_id, Level.EDITOR)
    end = ab_test_conclude if what == "conclude" else ab_test_cancel
    try:
        ended = end(test=test, user=user_of(request))
        messages.info(request, ended.recommendation)
    except ModelwrightError as error:
        messages.error(request, error.message)
    return redirect("ab_test", test.pk)


@needs(Action.RUNS_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def ab_test_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Plan a test of two versions of a model, and start it."""
    subject = found_or_refused(subject_for, request.user, slug, Level.EDITOR)
    form = ABTestForm(subject, request.POST.dict())
    context: dict[str, Any] = {"subject": subject, "form": form}
    status = 200
    if request.method == "POST":
        try:
            if request.POST.get("do") == "plan":
                context["plan"] = form.plan()
            else:
                test = ab_test_start(request=form.request(), user=user_of(request))
                messages.success(request, "The test has begun.")
                return redirect("ab_test", test.pk)
        except ModelwrightError as error:
            context["faults"], status = faults_of(error), 422
    return render(request, "pages/ab_test_new.html", context, status=status)
