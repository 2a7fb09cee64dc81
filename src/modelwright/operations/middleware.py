"""What is noted of every request: its duration, a line in the log, its place in a trace."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from modelwright.core.metering import HTTP
from modelwright.core.tracing import span, traceparent_of

log = logging.getLogger("modelwright.http")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class ObservedMiddleware:
    """The outermost one, so that what the others refuse is seen, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on and note what came of it."""
        begun = request.META.get("modelwright.begun") or time.perf_counter()
        method = request.method if request.method in METHODS else "OTHER"
        parent = traceparent_of(request.headers)
        with span("request", parent=parent, server=True) as made:
            response = self.get_response(request)
            match = request.resolver_match
            route = f"/{match.route}" if match else "none"  # never the path: it has ids
            if made is not None:
                made.update_name(f"{method} {route}")
                made.set_attribute("http.request.method", method)
                made.set_attribute("http.route", route)
                made.set_attribute("http.response.status_code", response.status_code)
        seconds = time.perf_counter() - begun
        HTTP.labels(method, route, str(response.status_code)).observe(seconds)
        if settings.LOG_REQUESTS:
            self._log(request, response, route, seconds)
        return response

    @staticmethod
    def _log(request: HttpRequest, response: HttpResponseBase, route: str, seconds: float) -> None:
        """Write one line, without the query: it may hold what is nobody's business."""
        facts = {
            "request_id": response.headers.get("X-Request-ID", ""),
            "method": request.method,
            "path": request.path,
            "route": route,
            "status": response.status_code,
            "milliseconds": round(1000 * seconds, 1),
            "address": request.META.get("REMOTE_ADDR", ""),
        }
        log.info("%s %s %d", request.method, request.path, response.status_code, extra=facts)
