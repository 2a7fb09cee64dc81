"""Two workers over PostgreSQL and Redis, and any process killed at any moment: each job ends once.

MODELWRIGHT_TEST_KILL_SEEDS and MODELWRIGHT_TEST_KILL_JOBS say how many times, and over how many
jobs each.
"""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator

import psutil
import psycopg
import pytest

from modelwright.engine.samples import future_skills_csv
from tests.faults.broker import Broker
from tests.faults.jobs import PATIENT, Trainings, processes_of
from tests.faults.test_kills import submit
from tests.stack import CLI, Stack, eventually, prepared_database

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(300)]

SEEDS = int(os.environ.get("MODELWRIGHT_TEST_KILL_SEEDS", "2"))
JOBS = int(os.environ.get("MODELWRIGHT_TEST_KILL_JOBS", "12"))
# what is killed, and how often: those that hold jobs more often
VICTIMS = {
    "children": 6, "pool": 4, "worker": 3, "other worker": 3, "web": 2, "scheduler": 1,
    "everything": 1, "broker": 1, "connections": 1,
}  # fmt: skip
OPEN = "SELECT count(*) FROM model_runs WHERE status IN ('pending', 'running')"


class Site:
    """A server, a second worker beside it, and what they need; any of it can be killed."""

    def __init__(self, stack: Stack, broker: Broker, database: str) -> None:
        self.stack, self.broker = stack, broker
        self.trainings = Trainings(stack, database)
        self.kills: dict[str, int] = {}
        self.begin_other()

    def begin_other(self) -> None:
        """Start the second worker."""
        self.other = subprocess.Popen(
            [*CLI, "worker"],
            env=self.stack.env,
            cwd=self.stack.home.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def end_other(self, number: int = signal.SIGKILL) -> None:
        """End it."""
        self.other.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.other.wait(10)
        self.other.kill()
        self.other.wait()

    def kill(self, victim: str, chance: random.Random) -> None:
        """Kill one of VICTIMS, and start again what nobody else does."""
        self.kills[victim] = self.kills.get(victim, 0) + 1
        if victim == "other worker":
            self.end_other()
            self.begin_other()
        elif victim == "broker":
            self.broker.stop()
            self.broker.start()
        elif victim == "connections":
            with psycopg.connect(self.trainings.database, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        elif victim == "children":
            if at_work := [*self.stack.pids()["children"], *self._children_of_other()]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(at_work), signal.SIGKILL)
        else:
            self.stack.kill(victim)
            if victim == "everything":
                eventually(lambda: not self._orphans(), seconds=10, what="orphans end")
                self.stack.start()

    def _children_of_other(self) -> list[int]:
        with contextlib.suppress(psutil.Error):
            pool = psutil.Process(self.other.pid).children()
            return [child.pid for process in pool for child in process.children()]
        return []

    def _orphans(self) -> list[psutil.Process]:
        """Return processes that nobody who lives has started."""
        kept = {pid for pids in self.stack.pids().values() for pid in pids} | {self.other.pid}
        with contextlib.suppress(psutil.Error):
            kept |= {p.pid for p in psutil.Process(self.other.pid).children(recursive=True)}
        for pid in self.stack.pids()["web"]:
            with contextlib.suppress(psutil.Error):
                kept |= {p.pid for p in psutil.Process(pid).children(recursive=True)}
        return [p for p in processes_of(self.stack) if p.pid not in kept]

    def assert_clean(self) -> None:
        """Check that no process and no folder of a killed attempt is left."""
        eventually(lambda: not self._orphans(), seconds=15, what="no orphan is left")
        scratch = self.stack.home / "system" / "scratch"
        eventually(lambda: not list(scratch.iterdir()), seconds=30, what="no folder is left")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with prepared_database() as database:
        broker = Broker(tmp_path_factory.mktemp("redis"))
        env = {
            **PATIENT,
            "MODELWRIGHT_JOB_MAX_CRASHES": "1000",
            "MODELWRIGHT_DATABASE_URL": database,
            "MODELWRIGHT_BROKER_URL": f"redis://127.0.0.1:{broker.port}/0",
        }
        try:
            with Stack(env=env) as stack:
                made = Site(stack, broker, database)
                try:
                    yield made
                finally:
                    made.end_other(signal.SIGTERM)
                print(f"kills: {made.kills}, jobs: {made.trainings.made}")
        finally:
            broker.stop()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_job_ends_exactly_once_whatever_is_killed(site: Site, seed: int) -> None:
    chance = random.Random(seed)
    stack, trainings = site.stack, site.trainings
    numbers = range(trainings.made, trainings.made + JOBS)
    for number in numbers:
        stack.put_dataset(f"d{number}.csv", future_skills_csv())
    submitting = threading.Thread(
        target=lambda: [submit(stack, trainings.token, number) for number in numbers]
    )
    submitting.start()
    while submitting.is_alive() or trainings.rows(OPEN) != [(0,)]:
        time.sleep(chance.uniform(0.05, 1.5))
        victim = chance.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        if site.kills.get(victim, 0) < (seed + 1) * VICTIMS[victim]:
            site.kill(victim, chance)
    submitting.join()
    trainings.made += JOBS
    trainings.all_completed_once()
    site.assert_clean()
    assert trainings.rows("SELECT max(attempt) FROM model_runs")[0][0] > 1, "no kill hit a job"
