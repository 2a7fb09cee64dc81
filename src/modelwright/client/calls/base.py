"""What the areas share: the connection, and which operation of the server a method does."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from modelwright.client.http import Http

Row = dict[str, Any]
Rows = list[dict[str, Any]]
Method = TypeVar("Method", bound=Callable[..., Any])


def operation(name: str) -> Callable[[Method], Method]:
    """Mark a method with the server's operation (its name in `/docs`) that it does.

    A test compares the marks with the server's description, so that none is left out.
    """

    def mark(method: Method) -> Method:
        method.operation = name  # type: ignore[attr-defined]
        return method

    return mark


class Calls:
    """An area of the server."""

    _http: Http

    def _pages(self, path: str, filters: Mapping[str, Any] | None = None) -> Rows:
        """Return every row of a list, however many pages it has."""
        return list(self._http.pages(path, filters))
