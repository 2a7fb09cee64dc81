"""A real server whose champion changes, and is killed, while fifty clients ask."""

import itertools
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from modelwright.engine.samples import write_future_skills_csv
from tests.serving.conftest import ROW
from tests.stack import Stack, eventually

pytestmark = pytest.mark.slow
CLIENTS = 50
ASKED_EACH = 6
PROMOTIONS = 12
PREDICT = "/api/v1/models/future-skills/predict/"
SUBJECT = "/api/v1/subjects/future-skills/"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return a server with two versions of the sample model."""
    with Stack() as stack:
        table = write_future_skills_csv(Path(tmp_path_factory.mktemp("t"), "skills.csv"))
        stack.put_dataset("future_skills_dataset.csv", table.read_bytes())
        for trees in (5, 6):
            body = {"hyperparameters": {"n_estimators": trees}}
            answer = stack.request("POST", "/api/training/train/", stack.token(), json=body)
            run = str(answer.json()["training_run_id"])
            eventually(
                lambda run=run: '"completed"' in stack.cli("run", run, "--json").stdout, seconds=90
            )
        yield stack


class Clients:
    """Clients that ask side by side, each over a connection of its own."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.seen: list[tuple[int, int | None]] = []
        self.ids: list[str] = []
        self.broken = 0
        self.done = threading.Event()

    def ask(self) -> None:
        session = requests.Session()
        session.headers["Authorization"] = f"Token {self.stack.token()}"
        asked = 0
        while asked < ASKED_EACH or not self.done.is_set():
            asked += 1
            try:
                answer = session.post(self.stack.url + PREDICT, json={"row": ROW}, timeout=60)
            except requests.RequestException:
                self.broken += 1
                if self.done.wait(0.05):
                    return
                continue
            body = answer.json()
            self.seen.append((answer.status_code, body.get("version")))
            self.ids += [one["prediction_id"] for one in body.get("predictions", [])]

    def __enter__(self) -> "Clients":
        self.stack.token()  # made once, before they all want it
        self._threads = [threading.Thread(target=self.ask) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        for thread in self._threads:
            thread.join()


def promote(stack: Stack, version: int) -> requests.Response:
    body = {"version": str(version), "reason": "in turn"}
    return stack.request("POST", f"{SUBJECT}promote/", stack.token(), json=body)


def answers_with(stack: Stack, version: int) -> bool:
    """Return whether a request is answered by that version."""
    answer = stack.request("POST", PREDICT, stack.token(), json={"row": ROW})
    return bool(answer.json()["version"] == version)


def champions(stack: Stack) -> list[int]:
    """Return the numbers of the versions that are champion."""
    answer = stack.request("GET", f"{SUBJECT}versions/", stack.token()).json()
    rows: list[dict[str, Any]] = answer["results"] if isinstance(answer, dict) else answer
    return [row["version"] for row in rows if "champion" in row["aliases"]]


def test_fifty_clients_never_meet_a_promotion(own: Stack) -> None:
    with Clients(own) as clients:
        for version in itertools.islice(itertools.cycle((1, 2)), PROMOTIONS):
            assert promote(own, version).status_code == 200
            if "MODELWRIGHT_DATABASE_URL" in own.env:  # it counts within a second
                eventually(partial(answers_with, own, version), what=f"{version} answers")
            assert answers_with(own, version)  # on SQLite from the next request on
            assert champions(own) == [version]
    assert clients.broken == 0
    assert {status for status, _ in clients.seen} == {200}
    assert {version for _, version in clients.seen} == {1, 2}
    assert len(clients.seen) >= CLIENTS * ASKED_EACH


def test_a_killed_server_leaves_one_champion_and_every_answered_prediction(own: Stack) -> None:
    stop = threading.Event()

    def change() -> None:
        for version in itertools.cycle((1, 2)):
            if stop.is_set():
                return
            try:
                promote(own, version)
            except requests.RequestException:
                stop.wait(0.05)

    changer = threading.Thread(target=change)
    with Clients(own) as clients:
        changer.start()
        eventually(lambda: len(clients.seen) > CLIENTS, seconds=90)
        own.kill("web")
        answered = len(clients.seen)
        eventually(lambda: len(clients.seen) > answered + CLIENTS, seconds=90)
        stop.set()
        changer.join()
    assert {status for status, _ in clients.seen} == {200}
    (champion,) = champions(own)
    log = own.request("GET", f"{SUBJECT}promotions/", own.token()).json()
    rows = log["results"] if isinstance(log, dict) else log
    assert rows[0]["to_version"] == champion
    told = {"actuals": [{"prediction_id": one, "actual": "HIGH"} for one in clients.ids]}
    url = "/api/v1/models/future-skills/actuals/"
    found = own.request("POST", url, own.token(), json=told).json()
    assert found["matched"] == len(clients.ids)
