"""Addresses below `/api/` that no other pattern takes."""

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from modelwright.accounts.access import public


@public
@csrf_exempt  # as every REST view: SessionAuthentication checks it where a session is used
def without_slash(request: HttpRequest) -> HttpResponseBase:
    """Answer as the address with a slash would, which checks who may; else 404 as JSON."""
    if not request.path_info.endswith("/"):
        try:
            match = resolve(f"{request.path_info}/")
        except Resolver404:
            return _nothing()
        if match.func is not without_slash:
            request.resolver_match = match
            answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
            return answer
    return _nothing()


def _nothing() -> JsonResponse:
    return JsonResponse({"detail": "Not found."}, status=404)
