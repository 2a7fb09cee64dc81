"""What views need to know of a request."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from modelwright.accounts.models import User
from modelwright.runs.errors import RunNotFoundError
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import training_run_get

MAX_REASON = 1000


class PageRequest(HttpRequest):
    """A request that came through HtmxMiddleware."""

    htmx: HtmxDetails


def user_of(request: HttpRequest) -> User:
    """Return who is signed in; AccessMiddleware let nobody else through."""
    return cast(User, request.user)


def reason_of(request: HttpRequest) -> str:
    """Return the reason that a form gives, empty where it gives none."""
    return request.POST.get("reason", "").strip()[:MAX_REASON]


def run_or_404(number: int) -> TrainingRun:
    """Return the run with this number, or answer "not found"."""
    try:
        return training_run_get(number)
    except RunNotFoundError as error:
        raise Http404(error.message) from error


def page_or_part(
    request: HttpRequest, page: str, part: str, context: dict[str, object]
) -> HttpResponse:
    """Give the whole page or, for htmx, only the part of it that changes.

    A restored history entry needs the whole page, whoever asks.
    """
    htmx = cast(PageRequest, request).htmx
    partial = bool(htmx) and not htmx.history_restore_request
    response = render(request, part if partial else page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
