"""The database or the broker away for a while: nothing is lost, done twice, or held up for long."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import psutil
import psycopg
import pytest

from tests.faults.broker import Broker
from tests.faults.jobs import PATIENT, Trainings, port_of, through
from tests.faults.line import Line, line_to
from tests.stack import CLI, Stack, eventually, prepared_database

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(300)]

AWAY_SECONDS = 8.0  # more than JOB_DEAD_AFTER_SECONDS in PATIENT
HELD_UP_SECONDS = 3.0


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with prepared_database() as address:
        yield address


@pytest.fixture(scope="module")
def line(database: str) -> Iterator[Line]:
    with line_to(port_of(database)) as laid:
        yield laid


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    started = Broker(tmp_path_factory.mktemp("redis"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def trainings(database: str, line: Line, broker: Broker) -> Iterator[Trainings]:
    env = {
        **PATIENT,
        "MODELWRIGHT_DATABASE_URL": through(database, line.port),
        "MODELWRIGHT_BROKER_URL": f"redis://127.0.0.1:{broker.port}/0",
    }
    with Stack(env=env) as stack:
        yield Trainings(stack, database)


def test_the_database_away_for_longer_than_a_job_may_be_silent(
    trainings: Trainings, line: Line
) -> None:
    for _ in range(4):
        trainings.submit(trees=300)
    trainings.until("running")
    before = trainings.stack.pids()
    line.cut()
    until = time.monotonic() + AWAY_SECONDS
    while time.monotonic() < until:
        answer = trainings.ask("GET", "/api/training/runs/")
        assert answer.status_code == 503, answer.text
        assert "Retry-After" in answer.headers
        time.sleep(0.2)
    line.mend()
    trainings.all_completed_once()
    after = trainings.stack.pids()
    for part in ("web", "worker", "scheduler"):
        assert after[part] == before[part], f"{part} did not live through it"


def test_the_database_restarted_in_the_middle_of_jobs(trainings: Trainings, database: str) -> None:
    for _ in range(4):
        trainings.submit(trees=100)
    trainings.until("running")
    with psycopg.connect(database, autocommit=True) as connection:
        for _ in range(5):
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            time.sleep(0.3)
    trainings.all_completed_once()


def test_a_worker_cut_off_from_the_database_stops_its_job_and_another_does_it(
    trainings: Trainings, database: str
) -> None:
    trainings.submit(trees=500, rows=20)
    trainings.until("running")  # the server's own worker has it, by the line that stays whole
    with line_to(port_of(database)) as own:
        env = {**trainings.stack.env, "MODELWRIGHT_DATABASE_URL": through(database, own.port)}
        other = subprocess.Popen(
            [*CLI, "worker"], env=env, cwd=trainings.stack.home.parent, stdin=subprocess.DEVNULL
        )
        try:
            name = eventually(
                lambda: trainings.rows(f"SELECT name FROM workers WHERE name LIKE '%{other.pid}%'"),
                seconds=90,
                what="the second worker is there",
            )
            assert name
            for _ in range(3):
                trainings.submit(trees=300, rows=20)
            eventually(lambda: _jobs_of(other.pid), what="it has a job")
            own.cut()
            eventually(lambda: not _jobs_of(other.pid), seconds=10, what="it stops its job")
            trainings.all_completed_once()
        finally:
            other.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                other.wait(10)
            other.kill()
            other.wait()


def _jobs_of(worker: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        pool = psutil.Process(worker).children()
        return [job for process in pool for job in process.children()]
    return []


@pytest.mark.parametrize("how", ["killed", "frozen", "emptied"])
def test_the_broker_away(trainings: Trainings, broker: Broker, how: str) -> None:
    trainings.submit(trees=200)
    if how == "killed":
        broker.stop()
    elif how == "frozen":
        os.kill(broker.process.pid, signal.SIGSTOP)
    took = [trainings.submit(trees=20) for _ in range(4)]
    assert max(took) < HELD_UP_SECONDS, "a submit waits for the broker"
    if how == "emptied":
        with broker.client() as client:
            client.flushall()
    elif how == "frozen":
        os.kill(broker.process.pid, signal.SIGCONT)
    else:
        broker.start()
    trainings.all_completed_once()
