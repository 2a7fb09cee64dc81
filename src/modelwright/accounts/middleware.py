"""The two things that every request gets: an origin for the log, and a check of who may."""

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from modelwright.accounts.access import Open, access_of
from modelwright.accounts.roles import may
from modelwright.core.context import Origin, acting

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class OriginMiddleware:
    """Tells the audit log who acts, and gives each request an id that its answer names."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Run the request as coming from its user and address."""
        origin = Origin(
            channel="web",
            address=str(request.META.get("REMOTE_ADDR", ""))[:64],
            request_id=uuid.uuid4().hex[:16],
            user_id=request.user.pk if request.user.is_authenticated else None,
        )
        with acting(origin):
            response = self.get_response(request)
        response["X-Request-ID"] = origin.request_id
        return response


class AccessMiddleware:
    """Refuses every view that doesn't say who may use it, and everybody it doesn't name."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; the check is made once the view is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Let the request through, send it to the login page, or refuse it."""
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
