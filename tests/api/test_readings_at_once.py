"""Readings over a real server: two batches at once, a server killed in the middle of one."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.stack import Stack, about_the_embedded, eventually, prepared_database

pytestmark = pytest.mark.slow

ROWS = 20_000
MACHINES = "/api/v1/machines/"
START_SECOND = 1_767_225_600  # 2026-01-01 00:00 UTC


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("sqlite", marks=about_the_embedded),
        pytest.param("postgresql", marks=pytest.mark.services),
    ],
)
def place(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Return a server of our own, since it is killed, on each database."""
    if request.param == "sqlite":
        with Stack() as own:
            yield own
        return
    with prepared_database() as url, Stack(env={"MODELWRIGHT_DATABASE_URL": url}) as own:
        yield own


def body(channel: str, rows: int = ROWS) -> bytes:
    """Return CSV with a row a second."""
    times = (
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START_SECOND + i)) for i in range(rows)
    )
    lines = (f"{at},{i % 100}\n" for i, at in enumerate(times))
    return f"timestamp,{channel}\n{''.join(lines)}".encode()


def made(place: Stack, name: str) -> str:
    answer = place.request("POST", MACHINES, place.token(), json={"name": name})
    assert answer.status_code == 201, answer.text
    return f"{MACHINES}{answer.json()['id']}"


def send(place: Stack, machine: str, content: bytes) -> requests.Response:
    return place.request(
        "POST",
        f"{machine}/readings",
        place.token(),
        data=content,
        headers={"Content-Type": "text/csv"},
        timeout=120,
    )


def at_once(place: Stack, machine: str, *bodies: bytes) -> list[dict[str, Any]]:
    """Send several batches at the same moment and return the answers."""
    place.token()
    answers: list[dict[str, Any]] = []
    gate = threading.Barrier(len(bodies))

    def one(content: bytes) -> None:
        gate.wait()
        answer = send(place, machine, content)
        assert answer.status_code == 201, answer.text
        answers.append(answer.json())

    threads = [threading.Thread(target=one, args=(content,)) for content in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(answers) == len(bodies)
    return answers


def counted(place: Stack, machine: str) -> tuple[int, int]:
    """Return how many readings the machine says it has, and how many there are."""
    token = place.token()
    said = place.request("GET", machine, token).json()["reading_count"]
    there = place.request("GET", f"{machine}/readings?limit=2", token).json()["count"]
    return said, there


def test_the_same_batch_twice_at_once_is_stored_once(place: Stack) -> None:
    machine = made(place, "twice")
    answers = at_once(place, machine, body("power_kw"), body("power_kw"))
    assert sorted(answer["accepted"] for answer in answers) == [0, ROWS]
    assert [answer["updated"] for answer in answers] == [0, 0]
    assert counted(place, machine) == (ROWS, ROWS)


def test_batches_of_the_same_moments_at_once_lose_nothing_of_each_other(place: Stack) -> None:
    machine = made(place, "merged")
    names = ("power_kw", "flow", "pressure_bar")
    answers = at_once(place, machine, *(body(name) for name in names))
    assert sum(answer["accepted"] for answer in answers) == ROWS
    assert sum(answer["updated"] for answer in answers) == 2 * ROWS
    found = place.request("GET", f"{machine}/readings?limit=1000", place.token()).json()
    assert set(found["channels"]) == set(names)
    assert all(row[name] is not None for row in found["results"] for name in names)


def test_a_batch_cut_off_by_a_kill_is_stored_whole_or_not_at_all(place: Stack) -> None:
    machine = made(place, "killed")
    content = body("power_kw", 10 * ROWS)
    outcome: list[int] = []

    def one() -> None:
        try:
            outcome.append(send(place, machine, content).status_code)
        except requests.RequestException:
            outcome.append(0)

    thread = threading.Thread(target=one)
    thread.start()
    time.sleep(0.4)  # somewhere in it: every moment must be right
    place.kill("web")
    thread.join(timeout=120)
    eventually(
        lambda: place.request("GET", "/readyz").status_code == 200, seconds=60, what="ready again"
    )
    assert counted(place, machine) in ((0, 0), (10 * ROWS, 10 * ROWS))
    again = send(place, machine, content)
    assert again.status_code == 201, again.text
    assert json.loads(again.text)["accepted"] in (0, 10 * ROWS)
    assert counted(place, machine) == (10 * ROWS, 10 * ROWS)
