"""A limit on what a request may bring, kept before Django stores the body in a temporary file."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Event = Mapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

_CREDENTIALS = (b"authorization", b"cookie")
_ANSWER = b'{"detail": "The body is too large."}'


class BodyLimit:
    """Answers 413 to a body over `max_bytes`, whatever its length says about itself.

    Parameters
    ----------
    app : ASGI application
    max_bytes : int
    uploads : mapping, optional
        Path (without its last slash; `*` stands for one part of it) -> how much a POST to it may
        bring, for those who show some credentials; whether they are good ones is seen later.
    """

    def __init__(self, app: App, max_bytes: int, uploads: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.uploads = [
            (re.compile(re.escape(path).replace(r"\*", "[^/]+")), size)
            for path, size in (uploads or {}).items()
        ]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Pass the request on, counting."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope)
        if _says_too_large(scope, limit):
            await _refuse(send)
            return
        seen = 0
        answered = False

        async def counted() -> Event:
            nonlocal seen
            event = await receive()
            if event["type"] == "http.request":
                seen += len(event.get("body", b""))
                if seen > limit:
                    return {"type": "http.disconnect"}
            return event

        async def noted(event: Event) -> None:
            nonlocal answered
            answered = True
            await send(event)

        await self.app(scope, counted, noted)
        if seen > limit and not answered:
            await _refuse(send)

    def _limit(self, scope: dict[str, Any]) -> int:
        path = str(scope.get("path", "")).removesuffix("/")
        larger = next((size for form, size in self.uploads if form.fullmatch(path)), None)
        if larger is None or scope.get("method") != "POST":
            return self.max_bytes
        shown = any(name in _CREDENTIALS for name, _ in scope["headers"])
        return larger if shown else self.max_bytes


def _says_too_large(scope: dict[str, Any], limit: int) -> bool:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return len(value) > 15 or int(value) > limit
    return False


async def _refuse(send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 413,
            "headers": [
                (b"content-type", b"application/json"),
                (b"x-content-type-options", b"nosniff"),
                (b"x-frame-options", b"DENY"),
                (b"referrer-policy", b"same-origin"),
                (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
                (b"connection", b"close"),
            ],
        }
    )
    await send({"type": "http.response.body", "body": _ANSWER, "more_body": False})
