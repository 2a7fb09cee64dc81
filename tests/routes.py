"""Every address of the server, found by walking the URL table: a new one is tested by itself."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def _walk(patterns: Any, prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            assert isinstance(pattern, URLPattern)
            yield route


ALL = list(_walk(get_resolver().url_patterns))
OURS = [route for route in ALL if not route.startswith("admin/")]
ADMIN = [route for route in ALL if route.startswith("admin/")]
