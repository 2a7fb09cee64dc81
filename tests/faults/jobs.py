"""Many trainings on a server that is being hurt, and what must be true of them in the end."""

import hashlib
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import requests

from modelwright.engine.samples import future_skills_csv
from tests.stack import Stack, eventually

PATIENT = {
    "MODELWRIGHT_JOB_BEAT_SECONDS": "0.5",
    "MODELWRIGHT_JOB_DEAD_AFTER_SECONDS": "5",
    "MODELWRIGHT_SWEEP_SECONDS": "1",
    "MODELWRIGHT_RING_AGAIN_AFTER_SECONDS": "2",
    "MODELWRIGHT_SLOTS": "2",
}


def through(address: str, port: int) -> str:
    """Return a database's address by way of another port."""
    parts = urlsplit(address)
    user = f"{parts.username}:{parts.password}@" if parts.password else f"{parts.username}@"
    return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{port}"))


def port_of(address: str) -> int:
    """Return the port that an address names."""
    return urlsplit(address).port or 5432


class Trainings:
    """Trainings of one server, each on a data set of its own."""

    def __init__(self, stack: Stack, database: str) -> None:
        self.stack, self.database = stack, database
        self.token = stack.token()
        self.made = 0

    def submit(self, trees: int = 50, rows: int = 1) -> float:
        """Submit one, once, and return how long the answer took in seconds."""
        self.made += 1
        head, _, body = future_skills_csv().partition(b"\n")
        path = self.stack.put_dataset(f"f{self.made}.csv", head + b"\n" + body * rows)
        begun = time.monotonic()
        answer = self.ask(
            "POST",
            "/api/training/train/",
            json={
                "dataset_path": path,
                "model_version": f"f{self.made}",
                "hyperparameters": {"n_estimators": trees},
            },
            headers={"Prefer": "wait=0"},
        )
        assert answer.status_code in (201, 202), f"{answer.text}\n{self.stack.logged()[-4000:]}"
        return time.monotonic() - begun

    def ask(self, method: str, path: str, **kw: Any) -> requests.Response:
        """Send a request as a trainer."""
        return self.stack.request(method, path, self.token, **kw)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(sql).fetchall()

    def until(self, status: str, seconds: float = 60) -> None:
        """Wait for a training of this status."""
        sql = f"SELECT 1 FROM model_runs WHERE status = '{status}'"
        eventually(lambda: self.rows(sql), seconds=seconds, what=f"one is {status}")

    def all_completed_once(self, seconds: float = 120) -> None:
        """Wait until all have ended, and check that each did so once, with its model whole."""
        sql = "SELECT status, count(*) FROM model_runs GROUP BY status"
        eventually(
            lambda: self.rows(sql) == [("completed", self.made)], seconds=seconds, what="all end"
        )
        ends = self.rows(
            "SELECT count(*) FROM run_events JOIN model_runs ON model_runs.id = job_id"
            " WHERE kind = 'status' AND data->>'status' IN ('completed', 'failed', 'cancelled')"
            " GROUP BY job_id"
        )
        assert ends == [(1,)] * self.made
        versions = self.rows("SELECT artifact_path, sha256 FROM model_versions")
        assert len(versions) == self.made
        assert_whole(self.stack, versions)


def assert_whole(stack: Stack, versions: Iterable[tuple[str, str]]) -> None:
    """Check that each artifact has the bytes that were recorded."""
    for path, sha256 in versions:
        assert hashlib.sha256((stack.home / path).read_bytes()).hexdigest() == sha256


def processes_of(stack: Stack) -> list[psutil.Process]:
    """Return the processes that work on a server's home."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.environ().get("MODELWRIGHT_HOME") == str(stack.home)
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found
