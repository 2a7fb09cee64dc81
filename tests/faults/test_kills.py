"""Processes killed at random moments: every job ends exactly once, none is lost, none stays."""

import concurrent.futures
import random
import threading
import time
from typing import Any

import psutil
import pytest
import requests

from modelwright.engine.samples import future_skills_csv
from tests.faults.jobs import PATIENT, assert_whole, processes_of
from tests.stack import Stack, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

JOBS = 60
KILLS = 30
PERSISTENT = {**PATIENT, "MODELWRIGHT_JOB_MAX_CRASHES": "1000"}
VICTIMS = ["children"] * 10 + ["pool"] * 8 + ["worker"] * 5 + ["web"] * 4 + ["everything"] * 3


def submit(stack: Stack, token: str, number: int) -> None:
    """Submit one job, again and again until the server says that it has it."""
    body = {
        "dataset_path": f"artifacts/datasets/d{number}.csv",
        "model_version": f"fault-{number}",
        "hyperparameters": {"n_estimators": 300},
    }
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        try:
            answer = stack.request(
                "POST",
                "/api/training/train/",
                token,
                json=body,
                headers={"Prefer": "wait=0"},
                timeout=10,
            )
        except requests.RequestException:
            time.sleep(0.1)
            continue
        if answer.status_code in (201, 202, 409):
            return
        if answer.status_code == 400 and "exists already" in answer.text:
            return  # an earlier try got through, its answer did not
        assert answer.status_code >= 500, answer.text
        time.sleep(0.1)
    raise AssertionError(f"job {number} could not be submitted")


@pytest.mark.parametrize("seed", [1])
def test_every_job_ends_exactly_once_whatever_is_killed(seed: int) -> None:
    chance = random.Random(seed)
    victims = VICTIMS[:]
    chance.shuffle(victims)
    assert len(victims) == KILLS
    with Stack(env=PERSISTENT) as stack:
        token = stack.token()
        for number in range(JOBS):
            stack.put_dataset(f"d{number}.csv", future_skills_csv())
        submitting = threading.Thread(
            target=lambda: [submit(stack, token, number) for number in range(JOBS)]
        )
        submitting.start()
        for victim in victims:
            time.sleep(chance.uniform(0.1, 1.2))
            if victim == "children":
                eventually(lambda: stack.pids()["children"] or _done(stack), seconds=60)
            stack.kill(victim)
            if victim == "everything":
                eventually(lambda: not processes_of(stack), seconds=5, what="orphans end")
                stack.start()
        submitting.join(timeout=300)
        assert not submitting.is_alive()
        eventually(lambda: _done(stack), seconds=240, what="all jobs end")

        assert stack.rows("SELECT status, count(*) FROM model_runs GROUP BY status") == [
            ("completed", JOBS)
        ]
        ends = stack.rows(
            "SELECT job_id, count(*) FROM run_events WHERE kind = 'status'"
            " AND data->>'status' IN ('completed', 'failed', 'cancelled')"
            " GROUP BY job_id",
        )
        runs = {job_id for (job_id,) in stack.rows("SELECT id FROM model_runs")}
        assert runs <= {job_id for job_id, _ in ends}  # the scheduler's jobs end too
        assert {count for _, count in ends} == {1}
        versions = stack.rows("SELECT artifact_path, sha256 FROM model_versions")
        assert len(versions) == JOBS
        assert_whole(stack, versions)
        assert stack.rows("SELECT max(attempt) FROM model_runs")[0][0] > 1, "no kill hit a job"
        assert not [p for p in stack.pids()["children"] if psutil.pid_exists(p)]
        if "MODELWRIGHT_DATABASE_URL" not in stack.env:  # open while each of them was forked
            assert stack.rows("PRAGMA integrity_check") == [("ok",)]


def _done(stack: Stack) -> bool:
    open_jobs = stack.rows(
        "SELECT count(*) FROM model_runs WHERE status IN ('pending', 'running')"
    )[0][0]
    known = stack.rows("SELECT count(*) FROM model_runs")[0][0]
    return known == JOBS and open_jobs == 0


def start(stack: Stack, name: str, trees: int) -> int:
    """Submit one training and return its number."""
    answer = stack.request(
        "POST",
        "/api/training/train/",
        stack.token(),
        json={
            "dataset_path": f"artifacts/datasets/{name}.csv",
            "hyperparameters": {"n_estimators": trees},
        },
        headers={"Prefer": "wait=0"},
    )
    assert answer.status_code in (201, 202), answer.text
    return int(answer.json()["training_run_id"])


def look(stack: Stack, number: int) -> dict[str, Any]:
    """Return a training as the server tells of it."""
    found: dict[str, Any] = stack.request(
        "GET", f"/api/training/runs/{number}/", stack.token()
    ).json()
    return found


def put_long(stack: Stack, name: str) -> None:
    """Write a data set that is fitted for many seconds."""
    header, _, body = future_skills_csv().partition(b"\n")
    stack.put_dataset(f"{name}.csv", header + b"\n" + body * 100)


def test_a_job_that_ends_each_of_its_workers_is_set_aside_and_the_queue_goes_on() -> None:
    env = {**PATIENT, "MODELWRIGHT_SLOTS": "1", "MODELWRIGHT_JOB_MAX_CRASHES": "2"}
    with Stack(env=env) as stack:
        put_long(stack, "poison")
        poison = start(stack, "poison", 1000)
        stack.put_dataset("good.csv", future_skills_csv())
        good = start(stack, "good", 10)
        for _ in range(2):
            eventually(
                lambda: look(stack, poison)["status"] == "RUNNING" and stack.pids()["children"],
                seconds=60,
                what="the poison is swallowed",
            )
            stack.kill("pool")
            eventually(lambda: look(stack, poison)["status"] != "RUNNING", seconds=60)
        eventually(lambda: look(stack, good)["status"] == "COMPLETED", seconds=60)
        found = look(stack, poison)
        assert found["status"] == "FAILED", found
        assert "MODELWRIGHT_JOB_MAX_CRASHES" in found["error_message"]


def test_a_server_stopped_in_the_middle_of_a_job_goes_on_with_it_at_its_next_start() -> None:
    with Stack(env={**PATIENT, "MODELWRIGHT_JOB_SHUTDOWN_GRACE_SECONDS": "0"}) as stack:
        put_long(stack, "long")
        number = start(stack, "long", 60)
        eventually(lambda: stack.pids()["children"], what="the fit begins")
        stack.stop()
        assert stack.rows("SELECT status FROM model_runs") == [("pending",)]
        stack.start()
        eventually(lambda: look(stack, number)["status"] == "COMPLETED", seconds=120)


def test_fifty_clients_with_the_same_subject_make_one_job(stack: Stack) -> None:
    token = stack.token()
    path = stack.put_dataset("same-subject.csv", future_skills_csv())
    body = {"dataset_path": path, "hyperparameters": {"n_estimators": 1000}}
    gate = threading.Barrier(50)

    def post(_: int) -> requests.Response:
        gate.wait(30)
        return stack.request(
            "POST", "/api/training/train/", token, json=body, headers={"Prefer": "wait=0"}
        )

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    codes = sorted(a.status_code for a in answers)
    assert codes[1:] == [409] * 49
    assert codes[0] in (201, 202)
    numbers = {a.json()["training_run_id"] for a in answers}
    assert len(numbers) == 1
    count = stack.rows(f"SELECT count(*) FROM model_runs WHERE dataset_path = '{path}'")
    assert count == [(1,)]


def test_cancelling_a_long_fit_frees_the_worker_for_the_next_job() -> None:
    with Stack(env={**PERSISTENT, "MODELWRIGHT_SLOTS": "1"}) as stack:
        token = stack.token()
        put_long(stack, "long")
        stack.put_dataset("next.csv", future_skills_csv())

        def status(number: int) -> str:
            return str(look(stack, number)["status"])

        long, following = start(stack, "long", 1000), start(stack, "next", 10)
        eventually(lambda: stack.pids()["children"], what="the fit begins")
        assert status(following) == "PENDING"
        time.sleep(1)  # into the fit itself, past the reading of the table
        begun = time.monotonic()
        answer = stack.request("POST", f"/api/training/runs/{long}/cancel/", token)
        assert answer.status_code in (200, 202), answer.text
        eventually(lambda: status(long) == "CANCELLED", seconds=5, what="it is cancelled")
        ended = time.monotonic()
        assert ended - begun < 2.0
        eventually(lambda: status(following) != "PENDING", seconds=5, what="the next one begins")
        assert time.monotonic() - ended < 1.0
