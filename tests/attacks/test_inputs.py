"""Classes A, B, E, L, M and O: whatever comes in by address, query, body or form is answered 4xx.

The inputs are those that the addresses themselves declare: parts of paths in the URL table, queries
and bodies in the REST description, fields in the forms of the pages. So new ones are tried too.
"""

import itertools
import json
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.urls import Resolver404

from modelwright.api.schema_views import schema_json
from tests.attacks.hostile import ALL, INSIDES, LOCATIONS, PATHS, VALUES
from tests.attacks.visits import is_rest, visits
from tests.attacks.world import World, parameters_of
from tests.people import browser, rest
from tests.routes import ALL as ROUTES
from tests.routes import OURS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Tricks for each input: few, so that all inputs together meet all tricks. CI tries more of them.
EACH = int(os.environ.get("MODELWRIGHT_TEST_TRICKS", "2"))
STREAMS = ("/events", "/events/")


@pytest.fixture
def world(db: None, silent_bell: list[str], tmp_path: Path) -> Iterator[World]:
    yield World()
    assert not (tmp_path / "canary").exists()


@pytest.fixture
def tricks(tmp_path: Path) -> Iterator[str]:
    """Return all tricks, one after the other, for ever."""
    return (trick.replace("{canary}", str(tmp_path / "canary")) for trick in itertools.cycle(ALL))


def ask(client: Any, method: str, url: str, **more: Any) -> tuple[int, bytes]:
    """Ask, and take back what it did."""
    with transaction.atomic():
        answer = client.generic(method, url, **more)
        transaction.set_rollback(True)
    return answer.status_code, b"" if answer.streaming else answer.content


def faults(status: int, content: bytes, what: str) -> list[str]:
    """Return what is wrong with an answer to a trick."""
    is_honest = b'"code":"model_failed"' in content or "/readyz" in what  # the model is none
    failed = status >= 500 and not is_honest
    found = [f"{what[:300]}: {status} {content[:300]!r}"] if failed else []
    return found + [f"{what[:300]} tells {word!r}" for word in INSIDES if word in content]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return method, path and description of each operation of the REST description."""
    schema = json.loads(schema_json())
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def filled(world: World, path: str) -> str:
    """Return the path of an operation that leads to something."""
    (route,) = (r for r in OURS if re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", r) == path.lstrip("/"))
    return world.fill(route)


def test_no_part_of_an_address_leads_anywhere_else(world: World, tricks: Iterator[str]) -> None:
    rest_client, pages = rest("admin"), browser("admin")
    wrong = []
    for route in ROUTES:
        for converter, name in parameters_of(route):
            if route.endswith(STREAMS):
                continue
            chosen = [*itertools.islice(tricks, EACH)]
            if converter in ("str", "slug", "path"):
                chosen += [PATHS[0], "x" * 5000]
            for trick in chosen:
                for safe in ("", "/%"):  # as one part, and as whatever the server makes of it
                    spelled = quote(trick, safe=safe)
                    try:
                        url = world.fill(route, **{name: spelled})
                        client = rest_client if is_rest(url.replace("%", "")) else pages
                    except Resolver404:
                        client = pages
                    status, content = ask(client, "GET", url)
                    wrong += faults(status, content, f"GET {url}")
                    if status == 200 and trick in PATHS:
                        wrong.append(f"GET {url}: 200")
    assert not wrong, "\n".join(wrong)


def test_no_query_of_rest_does_harm(world: World, tricks: Iterator[str]) -> None:
    client = rest("admin")
    wrong = []
    for method, path, operation in operations():
        names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
        if method != "GET" or path.rstrip("/").endswith("events"):
            continue
        for name in [*names, "nonsense", "ordering", "page"]:
            for trick in itertools.islice(tricks, EACH):
                url = f"{filled(world, path)}?{urlencode({name: trick[:5000]})}"
                wrong += faults(*ask(client, "GET", url), f"GET {url}")
    assert not wrong, "\n".join(wrong)


def body_of(operation: dict[str, Any]) -> dict[str, Any] | None:
    """Return a body that an operation takes as JSON: its example, or one made of its schema."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    for example in content.get("examples", {}).values():
        if isinstance(example["value"], dict):
            return dict(example["value"])
    schema = json.loads(schema_json())
    kind = content["schema"]
    while "$ref" in kind:
        kind = schema["components"]["schemas"][kind["$ref"].rpartition("/")[2]]
    return dict.fromkeys(kind.get("properties", {}), "x")


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the place of each value in a body."""
    if place:
        yield place
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*place, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value[:2]):
            yield from leaves(inner, (*place, number))


def changed(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return the body with another value at a place."""
    copy = json.loads(json.dumps(body))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copy


def test_no_value_in_a_body_does_harm(world: World, tricks: Iterator[str]) -> None:
    client = rest("admin")
    values = itertools.cycle(VALUES)
    wrong = []
    for method, path, operation in operations():
        if (body := body_of(operation)) is None or "/auth/" in path:
            continue
        url = filled(world, path)
        for place in leaves(body):
            chosen = [*itertools.islice(tricks, EACH), *itertools.islice(values, EACH)]
            for value in chosen:
                sent = json.dumps(changed(body, place, value))
                status, content = ask(
                    client, method, url, data=sent, content_type="application/json"
                )
                wrong += faults(status, content, f"{method} {url} {place}={value!r}"[:300])
    assert not wrong, "\n".join(wrong)


def test_no_client_says_where_or_whose_something_is(world: World) -> None:
    """A field that an operation doesn't know is refused, wherever it stands."""
    client = rest("admin")
    names = itertools.cycle(LOCATIONS)
    wrong = []
    for method, path, operation in operations():
        if (body := body_of(operation)) is None:
            continue
        url = filled(world, path)
        for name in set(itertools.islice(names, 2 * EACH)) - set(body):
            sent = json.dumps({**body, name: "file:///etc/passwd"})
            status, content = ask(client, method, url, data=sent, content_type="application/json")
            known = name in str(operation["requestBody"]) or name in properties(operation)
            if not known and not (400 <= status < 500):
                wrong.append(f"{method} {path} takes {name}: {status} {content[:200]!r}")
    assert not wrong, "\n".join(wrong)


def properties(operation: dict[str, Any]) -> set[str]:
    """Return the fields that an operation's body declares."""
    content = operation["requestBody"]["content"]["application/json"]["schema"]
    schema = json.loads(schema_json())
    while "$ref" in content:
        content = schema["components"]["schemas"][content["$ref"].rpartition("/")[2]]
    return set(content.get("properties", {}))


class Forms(HTMLParser):
    """The forms of a page: where they go, and the names of their fields."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[tuple[str, str], dict[str, str]] = {}
        self._form: dict[str, str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = values.get("method", "get").upper()
            self._form = self.found.setdefault((method, values.get("action", "")), {})
        elif self._form is not None and tag in ("input", "select", "textarea"):
            self._form[values.get("name", "")] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


def test_no_field_of_a_form_does_harm(world: World, tricks: Iterator[str]) -> None:
    forms: dict[tuple[str, str], dict[str, str]] = {}
    client = browser("admin")
    client.handler.enforce_csrf_checks = False
    for route in OURS:
        if not route.startswith("ui/") or route.endswith(STREAMS):
            continue
        answer = client.get(world.fill(route))
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            for (method, action), fields in Forms(answer.content.decode()).found.items():
                address = action or world.fill(route)
                forms.setdefault((method, address.partition("?")[0]), {}).update(fields)
    assert len(forms) > 25
    wrong = []
    for (method, url), fields in forms.items():
        for name in fields:
            if name in ("", "csrfmiddlewaretoken") or "logout" in url:
                continue
            for trick in itertools.islice(tricks, EACH):
                sent = urlencode({**fields, name: trick[:50_000]})
                if method == "GET":
                    status, content = ask(client, "GET", f"{url}?{sent[:9000]}")
                else:
                    kind = "application/x-www-form-urlencoded"
                    status, content = ask(client, "POST", url, data=sent, content_type=kind)
                wrong += faults(status, content, f"{method} {url} {name}={trick!r}"[:300])
    assert not wrong, "\n".join(wrong)


def test_no_query_of_a_page_does_harm(world: World, tricks: Iterator[str]) -> None:
    """Each name that any page's links or forms use, at every page."""
    names: set[str] = set()
    for visit in visits("admin"):
        if visit.headers.get("content-type", "").startswith("text/html"):
            text = visit.body.decode()
            names |= set(re.findall(r"[?;&](\w+)=", text))
            for (method, _), fields in Forms(text).found.items():
                names |= set(fields) if method == "GET" else set()
    assert {"status", "severity"} <= names
    client = browser("admin")
    wrong = []
    for route in OURS:
        if not route.startswith("ui/") or route.endswith(STREAMS):
            continue
        for _ in range(EACH):
            query = urlencode({name: next(tricks)[:200] for name in sorted(names)})
            url = world.fill(route)
            wrong += faults(*ask(client, "GET", f"{url}?{query}"), f"GET {url}?{query}")
    for name in sorted(names):  # alone, where other faults can't hide it
        for url in ("/ui/runs", "/ui/alerts", "/ui/machines", "/ui/compare", "/ui/audit"):
            address = f"{url}?{urlencode({name: next(tricks)[:5000]})}"
            wrong += faults(*ask(client, "GET", address), f"GET {address}")
    assert not wrong, "\n".join(wrong)
