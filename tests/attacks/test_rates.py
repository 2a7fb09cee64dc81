"""Every address that takes writes has a limit, by user and by address, and says when to return."""

from typing import Any

import pytest
from django.test import Client

from modelwright.accounts.services import user_create
from tests.api.test_access_table import TABLE
from tests.attacks.world import World
from tests.people import browser, rest
from tests.routes import OURS

pytestmark = pytest.mark.django_db

ALONE = "1/hour"
JSON = "application/json"
WRITES = [
    (route, method)
    for route in OURS
    for method in TABLE.get(route, {})
    if method != "GET" and route not in ("", "logout", "login") and "api/auth" not in route
]


@pytest.fixture
def tight(settings: Any) -> None:
    settings.RATES = dict.fromkeys(settings.RATES, ALONE)


def test_every_write_is_counted_per_user(tight: None, silent_bell: list[str]) -> None:
    world = World()
    clients = {True: rest("admin"), False: browser("admin")}
    clients[False].handler.enforce_csrf_checks = False
    for url in ("/api/v1/experiments/", "/api/v1/models/x/predict/", "/ui/runs/new"):
        clients[url.startswith("/api/")].post(url)
    machine = f"/api/v1/machines/{world.machine.pk}/readings/"
    clients[True].post(machine)
    wrong = []
    for route, method in WRITES:
        url = world.fill(route)
        answer = clients[route.startswith("api/")].generic(method, url)
        if answer.status_code != 429 or not 1 <= int(answer["Retry-After"]) <= 3600:
            wrong.append(f"{method} {url}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert rest("trainer").post("/api/v1/experiments/", {}).status_code != 429
    assert clients[True].get("/api/v1/experiments/").status_code == 200
    assert clients[False].get("/ui/runs").status_code == 200


def test_signing_in_is_counted_per_address_by_page_and_rest_together(settings: Any) -> None:
    settings.RATES = {**settings.RATES, "sign_in": "3/minute"}
    user_create(username="ann", password="correct horse battery")
    page, api = Client(), Client()
    tries = [
        lambda: page.post("/login", {"username": "a", "password": "x"}),
        lambda: api.post(
            "/api/auth/token/", {"username": "b", "password": "x"}, "application/json"
        ),
        lambda: api.post("/api/auth/jwt/", {"username": "c", "password": "x"}, "application/json"),
    ]
    assert [attempt().status_code for attempt in tries] == [200, 401, 401]
    right = {"username": "ann", "password": "correct horse battery"}
    for answer in (
        page.post("/login", right),
        api.post("/api/auth/token/", right, "application/json"),
    ):
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) >= 1
    assert b"too often" in page.post("/login", right).content
    elsewhere = Client(REMOTE_ADDR="10.0.0.9").post("/login", right)
    assert elsewhere.status_code == 302


def test_a_slash_less_is_counted_too(tight: None) -> None:
    client = rest("trainer")
    codes = [client.post("/api/v1/experiments", {}).status_code for _ in range(3)]
    assert codes[1:] == [429, 429]
