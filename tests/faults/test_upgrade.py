"""The tables brought up to date while code of the last release is at a job: it goes on."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelwright.engine.samples import future_skills_csv
from tests.faults.jobs import PATIENT
from tests.faults.old_worker import WAITING
from tests.services import postgres_database
from tests.stack import PASSWORD, Stack, clean_environment, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Return the settings of a database in which there is nothing yet."""
    if request.param == "sqlite":
        yield {}
    else:
        with postgres_database() as address:
            yield {"MODELWRIGHT_DATABASE_URL": address}


def test_an_upgrade_in_the_middle_of_jobs(database: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    env = {**PATIENT, **database, "MODELWRIGHT_ADMIN_PASSWORD": PASSWORD}
    old = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.old_worker"],
        env={
            **clean_environment(home, env),
            "DJANGO_SETTINGS_MODULE": "modelwright.config.settings",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert old.stdin is not None
    assert old.stdout is not None
    try:
        assert old.stdout.readline() == "begun\n"
        path = home / WAITING
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(future_skills_csv())
        with Stack(home=home, env=env) as stack:

            def status(number: int) -> str:
                answer = stack.request("GET", f"/api/training/runs/{number}/", stack.token())
                return str(answer.json()["status"])

            eventually(lambda: status(9001) == "COMPLETED", seconds=60, what="new code does it")
            time.sleep(float(PATIENT["MODELWRIGHT_JOB_DEAD_AFTER_SECONDS"]) + 2)
            assert old.poll() is None, "old code could not go on"
            assert status(9002) == "RUNNING"
            old.stdin.write("end\n")
            old.stdin.flush()
            assert old.stdout.readline() == "ended 1\n"
            found = stack.request("GET", "/api/training/runs/9002/", stack.token()).json()
            assert (found["status"], found["accuracy"]) == ("COMPLETED", 0.5)
            events = stack.request("GET", "/api/training/runs/9002/events/", stack.token()).json()
            ends = [e for e in events["events"] if e["data"].get("status") == "completed"]
            assert len(ends) == 1
    finally:
        with contextlib.suppress(OSError):
            old.stdin.close()
        old.kill()
        old.wait()
