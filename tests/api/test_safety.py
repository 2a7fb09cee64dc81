"""Hosts, headers and pages of errors: what every answer keeps to."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from modelwright.accounts.services import user_create
from tests.people import browser, rest

ROOT = str(Path(__file__).parents[2]).encode()

pytestmark = pytest.mark.django_db

PAGES = [
    "/login",
    "/docs",
    "/openapi.json",
    "/healthz",
    "/api/auth/me/",
    "/ui/runs",
    "/nothing",
]


@pytest.mark.parametrize(
    "host",
    [
        "evil.com", "evil.com:8000", "localhost.evil.com", "127.0.0.1.nip.io",
        "127.0.0.1.nip.io:8000", "127.0.0.1@evil.com", "localhost:8000@evil.com", "10.0.0.1",
        "169.254.169.254", "0.0.0.0.nip.io", "[::2]", "localhost/evil", "local_host",
        "xn--lclhost-9wa",         "localhost:80:80", "evil.com#localhost", "\xff",
    ],
)  # fmt: skip
@pytest.mark.parametrize("url", ["/login", "/healthz", "/api/auth/me/", "/docs"])
def test_another_host_is_refused(url: str, host: str) -> None:
    answer = Client(raise_request_exception=False).get(url, headers={"Host": host})
    assert answer.status_code == 400
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:8000", "127.0.0.1:54321", "[::1]",
     "[::1]:8000", "LOCALHOST:8000"],
)  # fmt: skip
def test_the_right_host_passes_with_and_without_a_port(host: str) -> None:
    assert Client().get("/healthz", headers={"Host": host}).status_code == 200


def test_a_forwarded_host_is_not_believed() -> None:
    answer = Client().get("/healthz", headers={"X-Forwarded-Host": "evil.com"})
    assert b"evil.com" not in answer.content
    listed = rest("viewer").get("/api/training/runs/", headers={"X-Forwarded-Host": "evil.com"})
    assert b"evil.com" not in listed.content


@pytest.mark.parametrize("url", PAGES)
def test_every_answer_has_its_guards(url: str) -> None:
    answer = Client(raise_request_exception=False).get(url)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = answer["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if "script-src" in part)
    assert scripts.split() == ["script-src", "'self'"]
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Request-ID"]
    assert "Server" not in answer
    assert "X-Powered-By" not in answer


def test_the_cookies_are_closed_to_scripts_and_other_sites() -> None:
    user_create(username="ann", password="correct horse battery")
    made = Client()
    made.get("/login")
    signed_in = made.post("/login", {"username": "ann", "password": "correct horse battery"})
    assert signed_in.status_code == 302
    session = signed_in.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == made.cookies["csrftoken"]["samesite"] == "Lax"


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_an_unknown_rest_address_is_404_in_json(method: str) -> None:
    for url in ("/api/", "/api/nothing", "/api/training/", "/api/nothing/here/", "/api/v1/x"):
        answer: Any = getattr(Client(), method)(url)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize(
    "url",
    ["/nothing", "/ui/runs/999999", "/%00", "/ui/runs/%ff", "/admin/nothing/", "/" + "x" * 9000],
)
def test_no_error_page_tells_how_the_server_is_made(url: str) -> None:
    answer = browser("admin").get(url)
    assert answer.status_code in (301, 400, 404)
    for word in (b"Traceback", ROOT, b"site-packages", b"DEBUG = True", b"urlpatterns"):
        assert word not in answer.content


def test_a_page_of_rest_cannot_be_framed_or_read_by_another_site() -> None:
    answer = rest("viewer").get("/api/training/runs/", headers={"Origin": "http://evil.com"})
    assert "Access-Control-Allow-Origin" not in answer
