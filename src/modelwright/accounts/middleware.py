"""What every request gets: an origin for the log, a check of who may, an answer with guards."""

import math
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render

from modelwright.accounts.access import Open, access_of
from modelwright.accounts.limits import counted_for, sign_in_counted_for
from modelwright.accounts.roles import may
from modelwright.core.context import Origin, acting
from modelwright.core.limits import Rate, wait_for
from modelwright.core.tracing import request_id_new

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
NUL_SAID = "A field holds a NUL character, which no text has: take it out. Nothing was changed."
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class GuardsMiddleware:
    """Sets the guards that neither Django nor its libraries set."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; no other site may load it into a page, no page asks for the reader's devices."""
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response


class OriginMiddleware:
    """Tells the audit log who acts, and gives each request an id that its answer names."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Run the request as coming from its user and address."""
        origin = Origin(
            channel="web",
            address=str(request.META.get("REMOTE_ADDR", ""))[:64],
            request_id=request_id_new(),
            user_id=request.user.pk if request.user.is_authenticated else None,
        )
        with acting(origin):
            response = self.get_response(request)
        response["X-Request-ID"] = origin.request_id
        return response


class LimitMiddleware:
    """Refuses writes by pages that are too many; REST counts its own, by its own limits."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; what is counted depends on the view."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Count a write, and refuse it where there were too many."""
        if request.method in SAFE_METHODS or hasattr(view, "cls") or _leads_to_rest(request):
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        if name == "login":
            wait = sign_in_counted_for(request)
        else:
            rate = Rate.of(settings.RATES["write"])
            wait = wait_for(f"write:{counted_for(request.user, request)}", rate)
        if not wait:
            return None
        seconds = math.ceil(wait)
        answer = render(request, "429.html", {"seconds": seconds}, status=429)
        answer["Retry-After"] = str(seconds)
        return answer


def _leads_to_rest(request: HttpRequest) -> bool:
    """Tell whether it goes on to a REST view, as addresses without their last slash do."""
    return request.path_info.startswith("/api/")


def _has_nul(request: HttpRequest) -> bool:
    """Tell whether a field of a form holds what PostgreSQL keeps in no text."""
    return any("\0" in value for _, values in request.POST.lists() for value in values)


class AccessMiddleware:
    """Refuses every view that doesn't say who may use it, and everybody it doesn't name."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; the check is made once the view is known.

        Who opens the address of a button by hand is told so: the answer itself would be empty.
        """
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or _leads_to_rest(request):
            return response
        page = render(request, "405.html", status=response.status_code)
        page["Allow"] = response["Allow"]
        return page

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Let the request through, send it to the login page, or refuse it."""
        if not _leads_to_rest(request) and _has_nul(request):
            return render(request, "400.html", {"reason": NUL_SAID}, status=400)
        match = request.resolver_match
        namespace, name = (match.namespace, match.url_name or "") if match else ("", "")
        access = access_of(view, namespace=namespace, name=name)
        if access in (Open.PUBLIC, Open.OWN_CHECK):
            return None
        if access is None:
            raise PermissionDenied("This address is not open to anybody.")
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        if isinstance(access, Open) or not may(request.user, access):
            raise PermissionDenied("Your account may not use this page.")
        return None
