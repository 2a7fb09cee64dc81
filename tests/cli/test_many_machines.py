"""The same server on PostgreSQL with Redis, and with RabbitMQ."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from modelwright.engine.samples import future_skills_csv
from tests.services import rabbitmq_url, redis_url
from tests.stack import Stack, eventually, prepared_database

pytestmark = [pytest.mark.services, pytest.mark.slow]
BROKERS = {"redis": redis_url, "rabbitmq": rabbitmq_url}


@pytest.fixture(scope="module", params=BROKERS)
def many(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with ExitStack() as open_things:
        env = {
            "MODELWRIGHT_BROKER_URL": BROKERS[request.param](),
            "MODELWRIGHT_DATABASE_URL": open_things.enter_context(prepared_database()),
        }
        yield open_things.enter_context(Stack(env=env))


def test_training_over_rest(many: Stack) -> None:
    path = many.put_dataset("skills.csv", future_skills_csv())
    answer = many.request("POST", "/api/training/train/", many.token(), json={"dataset_path": path})
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "COMPLETED"


def test_doctor_finds_nothing(many: Stack) -> None:
    eventually(
        lambda: many.cli("doctor", check=False).returncode == 0,
        seconds=60,
        what="the doctor finds nothing",
    )


def test_worker_that_dies_is_replaced(many: Stack) -> None:
    before = many.pids()["worker"]
    many.kill("worker")
    eventually(lambda: many.pids()["worker"] not in ([], before), what="another worker")
    path = many.put_dataset("again.csv", future_skills_csv())
    answer = many.request("POST", "/api/training/train/", many.token(), json={"dataset_path": path})
    assert answer.status_code == 201, answer.text


def test_nothing_of_it_is_in_the_data_folder(many: Stack) -> None:
    assert not (many.home / "system/modelwright.sqlite3").exists()
