"""Policies: all of them, those of model types with their editor, and the kill switch."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.automation.models import Policy
from modelwright.automation.policies import (
    policies_go_on,
    policies_stop,
    policy_change,
    policy_delete,
)
from modelwright.automation.policy_selectors import policy_for_user
from modelwright.catalog.access import Level
from modelwright.web.finding import found_or_refused, list_page
from modelwright.web.model_titles import MODEL_TITLES
from modelwright.web.policies_list import PolicyList
from modelwright.web.policy_view import TypePolicyView, types_without
from modelwright.web.requests import reason_of, user_of


@needs(Action.RUNS_VIEW)
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """Show all policies; for htmx only their rows."""
    listing = PolicyList(request)
    return list_page(request, listing, "pages/policies.html", "pages/_policies_results.html")


def _policy(request: HttpRequest, policy_id: UUID, level: Level = Level.VIEWER) -> Policy:
    return found_or_refused(policy_for_user, request.user, policy_id, level)


def _place(policy: Policy) -> str:
    """Return the address of the page on which a policy is looked at and edited."""
    if policy.subject is None:
        return reverse("policy", args=[policy.pk])
    return f"{reverse('subject', args=[policy.subject.slug])}#policy"


@needs(Action.RUNS_VIEW)
@require_safe
def policy(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Show the policy of a model type; that of one model stands on the model's own page."""
    found = _policy(request, policy_id)
    if found.subject is not None:
        return redirect(_place(found))
    return _show(request, TypePolicyView(user_of(request), policy=found))


def _show(request: HttpRequest, view: TypePolicyView) -> HttpResponse:
    status = 422 if view.editor.faults else 200
    return render(request, "pages/policy.html", {"view": view}, status=status)


@needs(Action.MODELS_PROMOTE)
@require_POST
def policy_save(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Save the policy of a model type, or try its rules on the past of one model."""
    found = _policy(request, policy_id, Level.EDITOR)
    if found.subject is not None:
        raise Http404("The policy of one model is saved on the model's own page.")
    view = TypePolicyView(user_of(request), policy=found)
    if not view.editor.sent(request.POST.dict(), view.user):
        return _show(request, view)
    messages.success(request, "The policy is saved.")
    return redirect(_place(found))


@needs(Action.MODELS_PROMOTE)
@require_http_methods(["GET", "HEAD", "POST"])
def policy_new(request: HttpRequest) -> HttpResponse:
    """Make a policy for a model type, or try its rules: the type is asked for first."""
    model_type = request.GET.get("model_type", "")
    if model_type not in MODEL_TITLES:
        if request.method == "POST":
            raise Http404("There is no such model type.")
        return render(request, "pages/policy_new.html", {"types": types_without()})
    view = TypePolicyView(user_of(request), model_type=model_type)
    if request.method != "POST":
        known = Policy.objects.filter(model_type=model_type).first()
        return redirect(_place(known)) if known else _show(request, view)
    view.editor.sent(request.POST.dict(), view.user)
    if view.editor.made is None:
        return _show(request, view)
    messages.success(request, "The policy is made.")
    return redirect("policy", view.editor.made.pk)


@needs(Action.MODELS_PROMOTE)
@require_POST
def policy_act(request: HttpRequest, policy_id: UUID, what: str) -> HttpResponse:
    """Pause a policy, let it go on, or delete it."""
    found = _policy(request, policy_id, Level.EDITOR)
    user = user_of(request)
    place = _place(found)
    if what == "delete":
        policy_delete(policy=found, user=user)
        messages.success(request, "The policy is deleted.")
        return redirect(place if found.subject else "policies")
    if what not in ("pause", "resume"):
        raise Http404("A policy can be paused, resumed and deleted.")
    policy_change(policy=found, user=user, is_active=what == "resume")
    messages.success(request, "The policy acts again." if what == "resume" else "It is paused.")
    return redirect(place)


@needs(Action.MODELS_PROMOTE)
@require_POST
def policy_switch(request: HttpRequest) -> HttpResponse:
    """Stop every policy at once, or let them act again."""
    user = user_of(request)
    if request.POST.get("do") == "stop":
        policies_stop(user=user, reason=reason_of(request))
        messages.warning(request, "No policy acts any more.")
    else:
        policies_go_on(user=user)
        messages.success(request, "Policies act again.")
    return redirect("policies")
