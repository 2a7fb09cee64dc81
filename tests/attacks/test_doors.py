"""Classes F and I: no address opens by another spelling, method, host or site than it should."""

import re
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.urls import resolve

from modelwright.accounts.models import AuditEntry
from modelwright.core.limits import limits_forget
from tests.api.test_access_table import SAME_FOR_ALL, TABLE
from tests.attacks.world import World
from tests.people import browser, rest
from tests.routes import ADMIN, ALL, OURS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

OPEN_TO_ALL = {route for route, row in TABLE.items() if "anonymous" in row.values()}
CLOSED = [route for route in OURS if route not in OPEN_TO_ALL and route not in SAME_FOR_ALL]
WRITES = [
    (route, method)
    for route in CLOSED
    for method in TABLE[route]
    if method != "GET" and route != ""  # all methods of the home page lead to the list of runs
]
STREAMS = ("/events", "/events/")
FOREIGN_HOSTS = ("evil.com", "localhost.evil.com:8000", "127.0.0.1.nip.io")
OF_A_SITE_ELSEWHERE = [
    {"HTTP_ORIGIN": "https://evil.com"},
    {"HTTP_ORIGIN": "null"},
    {"HTTP_REFERER": "https://evil.com/x", "HTTP_SEC_FETCH_SITE": "cross-site"},
    {"HTTP_ORIGIN": "http://localhost.evil.com:8000", "HTTP_SEC_FETCH_SITE": "cross-site"},
]


@pytest.fixture
def world(db: None, silent_bell: list[str]) -> World:
    return World()


def is_rest(url: str) -> bool:
    return hasattr(resolve(url).func, "cls")


def spellings(url: str) -> Iterator[str]:
    """Return other ways to write an address that a router might take for the same one."""
    yield url.rstrip("/") if url.endswith("/") else f"{url}/"
    yield f"/{url}"
    yield url.upper()
    yield url.replace("/", "//", 2)
    yield f"/static/..{url}"
    yield f"/./{url[1:]}"
    yield f"{url.rstrip('/')};.css"
    yield f"{url.rstrip('/')}/.css"
    yield f"{url.rstrip('/')}%2f"
    yield f"{url.rstrip('/')}%00"
    yield url.replace("/ui/", "/%75i/").replace("/api/", "/%61pi/")


def test_no_spelling_and_no_method_opens_a_closed_address_to_strangers(world: World) -> None:
    nobody = rest("anonymous")
    wrong = []
    for route in [*CLOSED, *ADMIN]:
        limits_forget()  # a limit would hide who is let in
        url = world.fill(route)
        asked = [("GET", spelled) for spelled in spellings(url)]
        asked += [(m, url) for m in ("GET", "HEAD", "OPTIONS", "POST", "DELETE", "TRACE", "QUERY")]
        for method, address in asked:
            answer = nobody.generic(method, address)
            code, where = answer.status_code, answer.headers.get("Location", "")
            turned_away = code in (400, 401, 403, 404, 405)
            sent_to_sign_in = code == 302 and where.startswith("/login")
            # Django adds a slash that is missing; what it leads to is asked in its own right
            respelled = code == 301 and where.rstrip("/").lower().endswith(url.rstrip("/").lower())
            if not (turned_away or sent_to_sign_in or respelled):
                wrong.append(f"{method} {address}: {code} {where}")
            elif world.mark.encode() in getattr(answer, "content", b"") and not where:
                wrong.append(f"{method} {address} tells of {world.mark}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_name_that_is_not_ours_reaches_nothing(host: str, world: World) -> None:
    client = browser("admin")
    wrong = [
        (url, answer.status_code)
        for url in map(world.fill, ALL)
        if (answer := client.get(url, headers={"Host": host})).status_code != 400
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:54321", "[::1]:8000"])
def test_the_right_name_with_a_port_passes_everywhere(host: str, world: World) -> None:
    client = browser("viewer")
    urls = [world.fill(r) for r in OURS if r.startswith("ui/") and "GET" in TABLE[r]]
    refused = [
        url
        for url in urls
        if not url.endswith(STREAMS) and client.get(url, headers={"Host": host}).status_code == 400
    ]
    assert not refused
    page = client.get("/ui/account", headers={"Host": host}).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    made = client.post(
        "/ui/account/tokens", {"csrfmiddlewaretoken": token[1]}, format="multipart",
        headers={"Host": host, "Origin": f"http://{host}"},
    )  # fmt: skip
    assert made.status_code in (200, 302)


def test_no_write_by_a_session_passes_without_a_csrf_token(world: World) -> None:
    client = browser("admin")
    entries = AuditEntry.objects.count()
    wrong = []
    for route, method in WRITES:
        url = world.fill(route)
        for kind, body in (
            ("application/x-www-form-urlencoded", "a=1"),
            ("application/json", "{}"),
            ("text/plain", "{}"),
        ):
            answer = client.generic(method, url, body, content_type=kind)
            if answer.status_code != 403:
                wrong.append(f"{method} {url} {kind}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize("headers", OF_A_SITE_ELSEWHERE)
def test_no_write_of_another_sites_page_passes_even_with_a_token(
    headers: dict[str, str], world: World
) -> None:
    client = browser("admin")
    client.get("/ui/account")
    token = client.cookies["csrftoken"].value
    secure = {"wsgi.url_scheme": "https", "SERVER_PORT": "443"} if "HTTP_REFERER" in headers else {}
    wrong = []
    for route, method in WRITES:
        url = world.fill(route)
        answer = client.generic(method, url, "", HTTP_X_CSRFTOKEN=token, **headers, **secure)
        if answer.status_code != 403:
            wrong.append(f"{method} {url}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_json_that_calls_itself_text_is_not_taken(world: World) -> None:
    """A page elsewhere may send text/plain without asking first."""
    client = rest("admin")
    wrong = []
    for route, method in WRITES:
        url = world.fill(route)
        if not is_rest(url):
            continue
        with transaction.atomic():
            answer = client.generic(method, url, b'{"x": 1}', content_type="text/plain")
            transaction.set_rollback(True)
        takes_no_body = (
            answer.status_code in (200, 201, 202, 204, 404) or b'"code"' in answer.content
        )
        if answer.status_code != 415 and not takes_no_body:
            wrong.append(f"{method} {url}: {answer.status_code} {answer.content[:100]!r}")
    assert not wrong, "\n".join(wrong)
