"""A limit on what a request may bring, kept before Django stores the body in a temporary file."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Event = Mapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

_ANSWER = b'{"detail": "The body is too large."}'


class BodyLimit:
    """Answers 413 to a body over `max_bytes`, whatever its length says about itself.

    Parameters
    ----------
    app : ASGI application
    max_bytes : int
    """

    def __init__(self, app: App, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Pass the request on, counting."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self._says_too_large(scope):
            await _refuse(send)
            return
        seen = 0
        answered = False

        async def counted() -> Event:
            nonlocal seen
            event = await receive()
            if event["type"] == "http.request":
                seen += len(event.get("body", b""))
                if seen > self.max_bytes:
                    return {"type": "http.disconnect"}
            return event

        async def noted(event: Event) -> None:
            nonlocal answered
            answered = True
            await send(event)

        await self.app(scope, counted, noted)
        if seen > self.max_bytes and not answered:
            await _refuse(send)

    def _says_too_large(self, scope: dict[str, Any]) -> bool:
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit():
                return len(value) > 15 or int(value) > self.max_bytes
        return False


async def _refuse(send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 413,
            "headers": [
                (b"content-type", b"application/json"),
                (b"x-content-type-options", b"nosniff"),
                (b"connection", b"close"),
            ],
        }
    )
    await send({"type": "http.response.body", "body": _ANSWER, "more_body": False})
