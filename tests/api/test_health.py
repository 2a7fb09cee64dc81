"""Alive and ready, without login and without internals."""

import datetime as dt
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from modelwright.api.health import probe
from modelwright.core.clock import now
from modelwright.runs.models import Worker

pytestmark = pytest.mark.django_db
READY = {"status": "ready", "database": "ok", "broker": "ok", "worker": "ok"}


@pytest.fixture(autouse=True)
def _forget() -> None:
    probe.forget()


@pytest.fixture
def live_worker() -> Worker:
    return Worker.objects.create(name="w", hostname="h", pid=1, slots=2, version="0")


def ready() -> Any:
    return Client().get("/readyz")


def test_alive_needs_no_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_with_database_broker_and_worker(live_worker: Worker) -> None:
    assert (ready().status_code, ready().json()) == (200, READY)


def test_not_ready_without_a_worker() -> None:
    assert ready().status_code == 503
    assert ready().json() == {**READY, "status": "not ready", "worker": "not ok"}


def test_a_worker_that_is_silent_does_not_count(live_worker: Worker) -> None:
    Worker.objects.update(seen_at=now() - dt.timedelta(minutes=5))
    assert ready().json()["worker"] == "not ok"


def test_not_ready_without_the_broker(live_worker: Worker, monkeypatch: Any) -> None:
    monkeypatch.setattr("modelwright.api.health.broker_answers", lambda: False)
    assert ready().status_code == 503
    assert ready().json() == {**READY, "status": "not ready", "broker": "not ok"}


def test_not_ready_without_the_database_and_no_word_of_where_it_is(monkeypatch: Any) -> None:
    def away() -> None:
        raise OperationalError("connection to 10.0.0.5 refused for user secret")

    monkeypatch.setattr("modelwright.api.health.workers_alive", away)
    answer = ready()
    assert answer.status_code == 503
    assert answer.json() == {
        **READY, "status": "not ready", "database": "not ok", "worker": "not ok",
    }  # fmt: skip


def test_many_askers_cost_one_look(
    live_worker: Worker, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelwright.api.health.KEPT_SECONDS", 60.0)  # this machine may be slow
    with django_assert_max_num_queries(1):
        for _ in range(20):
            ready()
