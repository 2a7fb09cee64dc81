"""Which versions' files are kept: rules, the dry run, and giving files up."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.views.decorators.http import require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action, may
from modelwright.catalog.errors import NotYoursError
from modelwright.registry.models import RetentionRule, Subject
from modelwright.registry.retention import (
    LIMITS,
    plan_of,
    plans_all,
    retention_apply,
    retention_require,
    rule_default,
    rule_drop,
    rule_of,
    rule_save,
)
from modelwright.registry.selectors import subject_for, subjects_visible
from modelwright.serving.retention import (
    MAX_DAYS,
    predictions_old,
    predictions_plan,
    serving_settings_change,
)
from modelwright.web.finding import found_or_refused
from modelwright.web.requests import user_of


class RuleForm(forms.Form):
    """A rule."""

    keep_newest = forms.IntegerField(
        min_value=0, max_value=LIMITS["keep_newest"], label="The newest", help_text="Versions."
    )
    keep_days = forms.IntegerField(
        min_value=0,
        max_value=LIMITS["keep_days"],
        label="Those younger than",
        help_text="Days; 0: age alone keeps none.",
    )
    keep_champions = forms.IntegerField(
        min_value=0,
        max_value=LIMITS["keep_champions"],
        label="The last champions",
        help_text="Versions that answered before, to roll back to.",
    )
    keep_tagged = forms.BooleanField(required=False, label="All that have a tag")
    is_active = forms.BooleanField(required=False, label="The scheduled clean-up deletes by itself")


class PredictionsForm(forms.Form):
    """For how long predictions are kept."""

    kept_days = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_DAYS,
        label="Kept for",
        help_text="Days; 0: for ever; empty: as the server's setting says.",
    )


def _form(data: Any, rule: RetentionRule | None) -> RuleForm:
    shown = rule or RetentionRule()
    return RuleForm(data, initial={name: getattr(shown, name) for name in RuleForm.base_fields})


def _save(request: HttpRequest, subject: Subject | None, form: RuleForm) -> bool:
    """Save or drop a rule as the form says; False where a field is wrong."""
    if request.POST.get("do") == "drop":
        rule_drop(subject=subject, user=user_of(request))
        messages.success(request, "The rule is removed.")
        return True
    if not form.is_valid():
        return False
    rule_save(subject=subject, user=user_of(request), **form.cleaned_data)
    messages.success(request, "The rule is saved. Nothing is deleted by that alone.")
    return True


@needs(Action.RUNS_VIEW)
@require_safe
def retention(request: HttpRequest) -> HttpResponse:
    """Show what may be deleted of every model, and the default rule."""
    return _all(request, _form(None, rule_default()))


@needs(Action.RETENTION_DEFAULT)
@require_POST
def retention_save(request: HttpRequest) -> HttpResponse:
    """Save or remove the default rule."""
    form = _form(request.POST, rule_default())
    return redirect("retention") if _save(request, None, form) else _all(request, form)


def _all(request: HttpRequest, form: RuleForm) -> HttpResponse:
    plans = plans_all(subjects_visible(request.user))
    context = {
        "form": form,
        "rule": rule_default(),
        "plans": sorted(plans, key=lambda plan: -plan.frees_bytes),
        "total": sum(plan.total_bytes for plan in plans),
        "frees": sum(plan.frees_bytes for plan in plans),
        "old": predictions_old(subjects_visible(request.user)),
        "edits": may(user_of(request), Action.RETENTION_DEFAULT),
    }
    return render(request, "pages/retention.html", context, status=422 if form.errors else 200)


@needs(Action.RUNS_VIEW)
@require_safe
def subject_retention(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what may be deleted of one model, and why the rest is kept."""
    subject = found_or_refused(subject_for, request.user, slug)
    return _one(request, subject, _form(None, rule_of(subject)))


@needs(Action.MODELS_PROMOTE)
@require_POST
def subject_retention_change(request: HttpRequest, slug: str) -> HttpResponse:
    """Save or remove a model's own rule, or delete the files that were shown."""
    subject = found_or_refused(subject_for, request.user, slug)
    found_or_refused(retention_require, request.user, subject)
    if request.POST.get("do") == "delete":
        _give_up(request, subject)
        return redirect("subject_retention", slug)
    if request.POST.get("do") == "predictions":
        asked = PredictionsForm(request.POST)
        if asked.is_valid():
            serving_settings_change(subject=subject, user=user_of(request), **asked.cleaned_data)
            messages.success(request, "Saved. The next clean-up goes by it.")
            return redirect("subject_retention", slug)
        return _one(request, subject, _form(None, rule_of(subject)), asked)
    form = _form(request.POST, rule_of(subject))
    if _save(request, subject, form):
        return redirect("subject_retention", slug)
    return _one(request, subject, form)


def _one(
    request: HttpRequest, subject: Subject, form: RuleForm, asked: PredictionsForm | None = None
) -> HttpResponse:
    rule = rule_of(subject)
    predictions = predictions_plan(subject)
    context = {
        "subject": subject,
        "form": form,
        "rule": rule,
        "plan": plan_of(subject, rule),
        "predictions": predictions,
        "predictions_form": asked
        or PredictionsForm(initial={"kept_days": predictions.kept.kept_days}),
        "edits": _may(request, subject),
    }
    status = 422 if form.errors or asked else 200
    return render(request, "pages/subject_retention.html", context, status=status)


def _may(request: HttpRequest, subject: Subject) -> bool:
    try:
        retention_require(request.user, subject)
    except NotYoursError:
        return False
    return may(user_of(request), Action.MODELS_PROMOTE)


def _give_up(request: HttpRequest, subject: Subject) -> None:
    numbers = [int(n) for n in request.POST.getlist("version") if n.isdecimal() and len(n) < 10]
    freed = retention_apply(subject=subject, user=user_of(request), only=numbers)
    for number, why in freed.kept.items():
        messages.warning(request, f"Version {number} is kept: {why}.")
    size = filesizeformat(freed.size_bytes)
    count = len(freed.versions)
    if count:
        messages.success(request, f"{count} file{'' if count == 1 else 's'} deleted: {size} freed.")
    else:
        messages.info(request, "Nothing was deleted: choose versions first.")
