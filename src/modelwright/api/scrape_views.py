"""`/metrics`: the server's numbers as Prometheus reads them."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from modelwright.accounts.roles import Action
from modelwright.api.authentication import TokenAuthentication
from modelwright.api.base import ApiView
from modelwright.api.permissions import RolePermission
from modelwright.operations.exposition import exposition

SCRAPER = "scraper"


class ScraperAuthentication(BaseAuthentication):
    """Knows the bearer token of `MODELWRIGHT_METRICS_TOKEN`, which is good for nothing else."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, str] | None:
        """Return nobody in particular, with the right to read."""
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        token = settings.METRICS_TOKEN
        if token and kind.lower() == "bearer" and constant_time_compare(given.strip(), token):
            return AnonymousUser(), SCRAPER
        return None

    def authenticate_header(self, request: Request) -> str:
        """Say how to come in."""
        return "Bearer"


class ScraperPermission(RolePermission):
    """Lets in who brought that token, and administrators."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the reader may read."""
        reads = request.method in ("GET", "HEAD") and request.auth == SCRAPER
        return reads or super().has_permission(request, view)


@extend_schema(exclude=True)
class ScrapeView(ApiView):
    """Numbers for Prometheus: for its token, and for administrators."""

    actions: ClassVar = {"GET": Action.SERVER_VIEW}
    authentication_classes = (
        ScraperAuthentication,
        TokenAuthentication,
        SessionAuthentication,
    )
    permission_classes = (ScraperPermission,)
    throttle_classes = ()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """Take any `Accept`: the exposition chooses its own form by it."""
        return super().perform_content_negotiation(request, force=True)

    def get(self, request: Request) -> HttpResponse:
        """Return them."""
        content_type, text = exposition(request.headers.get("Accept", ""))
        return HttpResponse(text, content_type=content_type)
