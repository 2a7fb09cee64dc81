"""One walk over every address, looked at by many tests: what was sent, written and opened."""

import functools
import sys
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.urls import resolve

from tests.attacks.world import World
from tests.people import browser, rest
from tests.routes import ALL

MARK = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}"
WRITE_VERBS = ("INSERT", "UPDATE", "DELETE", "REPLACE")


@dataclass
class Visit:
    """One request and its answer."""

    who: str
    route: str
    method: str
    url: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    writes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.who} {self.method} {self.url}: {self.status}"


def is_rest(url: str) -> bool:
    """Return whether a REST view answers this path."""
    return hasattr(resolve(url).func, "cls")


@functools.cache
def visits(who: str) -> tuple[Visit, ...]:
    """Return what one of PEOPLE gets at every address, by GET.

    Call it from a test that has a database: what it makes there is taken back.
    """
    with transaction.atomic():
        world = World(mark=MARK)
        clients = {True: rest(who), False: browser(who)}
        found = tuple(
            _visit(clients[is_rest(url)], Visit(who, route, "GET", url))
            for route in ALL
            for url in [world.fill(route)]
            if "logout" not in route
        )
        transaction.set_rollback(True)
    return found


def _visit(client: Any, visit: Visit) -> Visit:
    def watch(execute: Any, sql: str, *others: Any) -> Any:
        if sql.lstrip("( ").partition(" ")[0].upper() in WRITE_VERBS:
            visit.writes.append(sql[:200])
        return execute(sql, *others)

    with connection.execute_wrapper(watch):
        answer = client.generic(visit.method, visit.url)
    visit.status = answer.status_code
    visit.headers = {name.lower(): value for name, value in answer.headers.items()}
    if not answer.streaming:
        visit.body = answer.content
    elif not answer.is_async:
        visit.body = b"".join(answer)
    return visit


class Unpickled:
    """Counts what is unpickled while it is `on`: an audit hook, which can't be taken away."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event == "pickle.find_class":
            self.seen.append(".".join(map(str, arguments[-2:])))
