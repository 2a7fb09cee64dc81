"""The scheduler of a whole server: alive, doubled by mistake, killed; its jobs run by workers."""

import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.machines import hourly, lines
from tests.stack import CLI, Stack, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SCHEDULER = "/api/v1/scheduler"


@pytest.fixture(scope="module")
def plant() -> Iterator[Stack]:
    """Run a server whose scheduler looks at the clock every half second."""
    with Stack(env={"MODELWRIGHT_SCHEDULER_TICK_SECONDS": "0.5", "MODELWRIGHT_SLOTS": "1"}) as up:
        yield up


def get(plant: Stack, path: str) -> Any:
    return plant.request("GET", path, plant.token()).json()


def runs(plant: Stack, name: str) -> list[Any]:
    found: list[Any] = get(plant, f"{SCHEDULER}/jobs/{name}/runs/?page_size=100")["results"]
    return found


def newest_ended(plant: Stack, name: str) -> Any:
    return eventually(
        lambda: found if (found := runs(plant, name)) and found[0]["finished_at"] else None,
        seconds=60,
        what=f"the end of {name}",
    )[0]


def test_it_runs_and_cleans_up_at_its_start(plant: Stack) -> None:
    eventually(lambda: get(plant, f"{SCHEDULER}/status")["running"], what="a sign of life")
    assert newest_ended(plant, "training_cleanup")["status"] == "completed"


def test_a_killed_scheduler_is_known_to_be_gone_and_comes_back(plant: Stack) -> None:
    eventually(lambda: get(plant, f"{SCHEDULER}/status")["running"], what="a sign of life")
    (pid,) = plant.kill("scheduler", signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not get(plant, f"{SCHEDULER}/status")["running"], what="its absence")
    eventually(lambda: get(plant, f"{SCHEDULER}/status")["running"], what="the next one")


def test_more_schedulers_by_mistake_start_together_and_clean_up_once(plant: Stack) -> None:
    before = {run["id"] for run in runs(plant, "training_cleanup")}
    more = [subprocess.Popen([*CLI, "scheduler"], env=plant.env) for _ in range(2)]
    try:
        eventually(
            lambda: plant.rows("SELECT count(*) FROM schedulers") == [(3,)],
            what="three schedulers",
        )
        newest_ended(plant, "training_cleanup")
    finally:
        for process in more:
            process.terminate()
        assert [process.wait(timeout=10) for process in more] == [0, 0]
    due = [r["due_at"] for r in runs(plant, "training_cleanup") if r["id"] not in before]
    assert len(due) == len(set(due))
    assert get(plant, f"{SCHEDULER}/status")["running"]


def test_heavy_jobs_are_run_by_a_worker_beside_its_slots(plant: Stack) -> None:
    token = plant.token()
    machine = plant.request("POST", "/api/v1/machines/", token, json={"name": "Press 4"}).json()
    plant.request(
        "POST", f"/api/v1/machines/{machine['id']}/readings", token,
        data=lines(hourly(24 * 28)), headers={"Content-Type": "application/x-ndjson"},
    )  # fmt: skip
    names = ("baseline_retrain", "kpi_calculate", "anomaly_detect", "predictions_cleanup")
    for name in names:
        assert plant.request("POST", f"{SCHEDULER}/trigger/{name}", token).json()["success"]
    done = {name: newest_ended(plant, name) for name in names}
    assert {run["status"] for run in done.values()} == {"completed"}
    assert done["baseline_retrain"]["result"]["queued"] == 1
    assert done["kpi_calculate"]["result"]["days"] == 28
    assert done["predictions_cleanup"]["result"]["predictions_deleted"] == 0
    job = eventually(
        lambda: next(
            (job for job in get(plant, "/api/v1/model-performance/jobs")["results"]
             if job["finished_at"]), None,
        ),
        seconds=60,
        what="the training that was queued",
    )  # fmt: skip
    assert (job["status"], job["trigger_type"], job["model_version"]) == (
        "completed",
        "scheduled",
        1,
    )
