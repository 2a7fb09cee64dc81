"""One's notification channels."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from modelwright.accounts.access import needs
from modelwright.accounts.models import Delivery
from modelwright.accounts.notifications.services import (
    channel_change,
    channel_create,
    channel_delete,
    channel_get,
    channel_target_shown,
    channel_try,
    channels_for,
)
from modelwright.accounts.roles import Action, may
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.web.channel_form import ChannelForm
from modelwright.web.finding import found_or_refused
from modelwright.web.requests import user_of

DELIVERIES_SHOWN = 30


@needs(Action.NOTIFY_OWN)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def channels(request: HttpRequest) -> HttpResponse:
    """Show one's channels and what was delivered, or make one (its secret is shown this once)."""
    user = user_of(request)
    may_share = may(user, Action.NOTIFY_TEAM)
    form = ChannelForm(request.POST if request.method == "POST" else None, may_share=may_share)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            secret = channel_create(user=user, **form.fields_of()).secret
        except InvalidInputError as error:
            form.explain(error)
        else:
            messages.success(request, "The channel is made: try it.")
            if not secret:
                return redirect("channels")
            form = ChannelForm(may_share=may_share)
    waiting = Q(notices__due_at__isnull=False)
    mine = list(
        channels_for(user)
        .annotate(waiting=Count("notices", filter=waiting), due_at=Min("notices__due_at"))
        .order_by("name", "id")
    )
    context = {
        "form": form,
        "secret": secret,
        "channels": [(channel, _shown(channel)) for channel in mine],
        "deliveries": Delivery.objects.filter(channel__in=mine).select_related("channel")[
            :DELIVERIES_SHOWN
        ],
    }
    return render(request, "pages/channels.html", context, status=422 if form.errors else 200)


def _shown(channel: object) -> str:
    try:
        return channel_target_shown(channel)  # type: ignore[arg-type]
    except ModelwrightError as error:
        return error.message


@needs(Action.NOTIFY_OWN)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def channel(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Show the form that changes a channel, or change it."""
    user = user_of(request)
    found = found_or_refused(channel_get, user, channel_id)
    form = ChannelForm(request.POST if request.method == "POST" else None, channel=found)
    if form.is_valid():
        try:
            channel_change(channel=found, user=user, **form.changes())
        except InvalidInputError as error:
            form.explain(error)
        else:
            messages.success(request, "The channel is changed.")
            return redirect("channels")
    context = {"form": form, "channel": found, "target": _shown(found)}
    return render(request, "pages/channel.html", context, status=422 if form.errors else 200)


@needs(Action.NOTIFY_OWN)
@require_POST
def channel_act(request: HttpRequest, channel_id: UUID, what: str) -> HttpResponse:
    """Try, pause, resume or remove a channel."""
    user = user_of(request)
    channel = found_or_refused(channel_get, user, channel_id)
    try:
        if what == "try":
            channel_try(channel=channel, user=user)
            messages.success(request, "The message was taken: look whether it has arrived.")
        elif what == "delete":
            channel_delete(channel=channel, user=user)
            messages.success(request, "The channel is removed.")
        else:
            channel_change(channel=channel, user=user, is_active=not channel.is_active)
    except ModelwrightError as error:
        messages.error(request, error.message)
    return redirect("channels")
