"""Plain requests for predictions, answered before Django is asked.

Of a request to `PredictView`, the prediction itself is a twentieth; the rest is finding out, with
ten questions to the database, what was known a moment ago. Here a token's grant is remembered
(`quick_grants`), the body goes to the models' process as it is, and the answer back, and both to
the journal first. Whatever isn't plain (other credentials, a test that is on, a machine's model,
anything wrong with the request) goes to the view with its body: there is one place that refuses.
"""

import logging
import random
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from modelwright.accounts.middleware import GuardsMiddleware
from modelwright.api.quick_grants import Asked, Grant, Grants
from modelwright.core.clock import now
from modelwright.core.metering import HTTP, PREDICTIONS
from modelwright.serving.journal import Record
from modelwright.serving.journaling import journal
from modelwright.serving.quick_host import QuickHost

log = logging.getLogger(__name__)

Event = Mapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

MAX_BYTES = 1024 * 1024  # of a body; more would keep the others waiting
_ROUTE = "/api/v1/models/<str:subject>/predict/"
_PATH = re.compile(r"/api/v1/models/([^/]+)/predict/")
_TOKEN = re.compile(rb"Token +([!-~]{1,200})", re.IGNORECASE)
_ACCEPTED = re.compile(rb"\*/\*|application/(?:json|\*)")


class QuickPredict:
    """Answers what is plain, and passes on the rest.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self._grants: Grants | None = None
        self._host = QuickHost()
        self._headers = _headers()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer, or pass the request on with all that was read of it."""
        asked = _asked(scope)
        if asked is None:
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        events = await _read(receive)
        answer = await self._answer(asked, events)
        if answer is None:
            await self.app(scope, _again(events, receive), send)
            return
        headers = [
            *self._headers,
            (b"content-length", b"%d" % len(answer)),
            (b"x-request-id", uuid.uuid4().hex[:16].encode()),
        ]
        HTTP.labels("POST", _ROUTE, "200").observe(time.perf_counter() - begun)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, asked: Asked, events: list[Event]) -> bytes | None:
        if events[-1]["type"] != "http.request":
            return None
        if self._grants is None:
            self._grants = Grants()
        grant = await self._grants.get(asked)
        if grant is None:
            return None
        try:
            body = b"".join(event.get("body", b"") for event in events)
            return await self._predicted(grant, body)
        except (OSError, EOFError) as error:
            log.warning("A prediction goes the long way: %s", error)
            return None

    async def _predicted(self, grant: Grant, body: bytes) -> bytes | None:
        seed = str(uuid.uuid4())
        at = now().isoformat()
        rows, predictions = await self._host.ask(
            {**grant.file, "version": grant.version, "seed": seed}, body
        )
        if not rows:
            return None
        PREDICTIONS.labels(grant.model_type).inc(rows)
        logged = random.random() < grant.log_share  # noqa: S311  (which are kept is no secret)
        if logged:
            journal.append(Record({**grant.facts, "seed": seed, "at": at}, body, predictions))
        begin = f'{grant.head},"logged":{str(logged).lower()},"predictions":'
        return b"%b%b}" % (begin.encode(), predictions)


def _headers() -> list[tuple[bytes, bytes]]:
    """Return what the same layers as on the long way put on every answer."""
    request = HttpRequest()
    request.META["HTTP_X_FORWARDED_PROTO"] = "https"  # heard only where HTTPS is served
    layers = SecurityMiddleware(
        XFrameOptionsMiddleware(
            CSPMiddleware(GuardsMiddleware(lambda _: HttpResponse(content_type="application/json")))
        )
    )
    answer = cast(HttpResponseBase, layers(request))
    return [(name.lower().encode(), value.encode()) for name, value in answer.items()]


def _asked(scope: dict[str, Any]) -> Asked | None:
    """Return whose token asks which model for plain rows; None: it is another request."""
    if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
        return None
    path = _PATH.fullmatch(scope["path"])
    if path is None or (settings.HTTPS and scope["scheme"] != "https"):
        return None
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in headers:
            return None
        headers[name] = value
    token = _TOKEN.fullmatch(headers.get(b"authorization", b""))
    length = headers.get(b"content-length", b"")
    if (
        token is None
        or b"content-encoding" in headers
        or not (length.isdigit() and len(length) < 10 and int(length) <= MAX_BYTES)
        or headers.get(b"content-type", b"").partition(b";")[0].strip() != b"application/json"
        or not _ACCEPTED.search(headers.get(b"accept", b"*/*"))
    ):
        return None
    return Asked(token[1], headers.get(b"host", b"").decode("latin-1"), path[1])


async def _read(receive: Receive) -> list[Event]:
    """Return the events of a request's body; it is as long as it said, or the server ends it."""
    events = [await receive()]
    while events[-1].get("more_body"):
        events.append(await receive())
    return events


def _again(events: list[Event], receive: Receive) -> Receive:
    waiting = iter(events)

    async def replay() -> Event:
        event = next(waiting, None)
        return await receive() if event is None else event

    return replay
