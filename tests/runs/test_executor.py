"""A job in its child process: ends, limits, cancelling, and what a crash leaves behind."""

import contextlib
import dataclasses
import errno
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import OperationalError, connections

from modelwright.runs import executor, kinds, stopping
from modelwright.runs.executor import drain, execute
from modelwright.runs.jobs import job_cancel, job_claim, job_release
from modelwright.runs.models import JobEvent, TrainingRun
from modelwright.runs.names import worker_name
from modelwright.runs.states import Status
from modelwright.runs.training_kind import TRAINING

pytestmark = pytest.mark.django_db(transaction=True)

MakeRun = Callable[..., TrainingRun]
Run = Callable[..., TrainingRun]


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Return a function that says what the jobs of this test do."""

    def do(name: str, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "work": f"tests.runs.works:{name}",
            "prepare": lambda run: {"number": run.number, "pid_file": str(tmp_path / "pid")},
            "completed_fields": lambda run, result: {"notes": str(result)},
            "completion_hooks": [],
        }
        kind = dataclasses.replace(TRAINING, **{**fields, **changes})
        monkeypatch.setitem(kinds._kinds, "training", kind)

    return do


def run_one(run: TrainingRun) -> TrainingRun:
    claim = job_claim(queue="training", worker=worker_name(), only=run.pk)
    assert claim is not None
    execute(claim)
    run.refresh_from_db()
    return run


@contextlib.contextmanager
def meanwhile(run: TrainingRun, action: Callable[[TrainingRun], object]) -> Any:
    """Do `action` once the run has reported its first progress; yields what happened when."""
    times: dict[str, float] = {}

    def wait_and_act() -> None:
        try:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                run.refresh_from_db()
                if run.progress_step:
                    break
                time.sleep(0.02)
            times["acted"] = time.monotonic()
            action(run)
        finally:
            connections.close_all()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    yield times
    times["ended"] = time.monotonic()
    thread.join()


def test_a_job_runs_to_its_end(
    works: Callable[..., None], make_run: MakeRun, settings: Any
) -> None:
    works("fine")
    before = set(settings.SCRATCH_DIR.iterdir())
    run = run_one(make_run())
    assert (run.status, run.progress_percent) == (Status.COMPLETED, 100.0)
    assert run.notes == str({"number": run.number})
    lines = [e.data["line"] for e in JobEvent.objects.filter(job_id=run.pk, kind="log")]
    assert lines == ["a line for the log", "another"]
    assert set(settings.SCRATCH_DIR.iterdir()) == before


@pytest.mark.parametrize("work", ["python_loop", "c_code", "deaf"])
def test_cancelling_ends_a_running_job_within_two_seconds(
    works: Callable[..., None], make_run: MakeRun, work: str
) -> None:
    works(work)
    run = make_run()
    with meanwhile(run, job_cancel) as times:
        run_one(run)
    assert run.status == Status.CANCELLED
    assert times["ended"] - times["acted"] < 2.0
    assert not psutil.Process().children()


def test_a_jobs_own_children_end_with_it(
    works: Callable[..., None], make_run: MakeRun, tmp_path: Path
) -> None:
    works("with_grandchild")
    run = make_run()
    with meanwhile(run, job_cancel):
        run_one(run)
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_job_over_its_time_limit_fails_and_says_so(
    works: Callable[..., None], make_run: MakeRun
) -> None:
    works("c_code")
    run = run_one(make_run(time_limit_seconds=0.5))
    assert (run.status, run.error_type) == (Status.FAILED, "TimeLimit")
    assert "0.5 s (MODELWRIGHT_JOB_TIME_LIMIT_SECONDS)" in run.error_message


def test_a_job_over_its_memory_limit_fails_and_the_next_one_runs(
    works: Callable[..., None], make_run: MakeRun
) -> None:
    works("hungry")
    run = run_one(make_run(memory_limit_mb=200))
    assert (run.status, run.error_type) == (Status.FAILED, "MemoryError")
    assert "200 MB (MODELWRIGHT_JOB_MEMORY_LIMIT_MB)" in run.error_message
    works("fine")
    assert run_one(make_run()).status == Status.COMPLETED


@pytest.mark.parametrize("work", ["dies", "exits"])
def test_a_job_whose_process_dies_is_tried_again_up_to_the_limit(
    works: Callable[..., None], make_run: MakeRun, settings: Any, work: str
) -> None:
    settings.JOB_MAX_CRASHES = 3
    works(work)
    run = make_run()
    assert drain("training", worker=worker_name()) == 3
    run.refresh_from_db()
    assert (run.status, run.error_type, run.attempt) == (Status.FAILED, "WorkerLost", 3)
    assert "ended from outside" in run.error_message


def test_a_job_whose_start_meets_an_absent_database_is_given_back(
    works: Callable[..., None], make_run: MakeRun
) -> None:
    def absent(_run: TrainingRun) -> dict[str, Any]:
        raise OperationalError("server closed the connection unexpectedly")

    works("fine", prepare=absent)
    run = run_one(make_run())
    assert (run.status, run.crashes) == (Status.PENDING, 1)
    assert "database could not be reached" in run.progress_message
    works("fine")
    assert run_one(run).status == Status.COMPLETED


def test_an_unforeseen_error_is_told_without_a_trace(
    works: Callable[..., None], make_run: MakeRun
) -> None:
    works("raises")
    run = run_one(make_run())
    assert (run.status, run.error_message) == (Status.FAILED, "ZeroDivisionError: by nothing")
    assert run.accuracy == 0.0


def test_a_result_that_json_cant_hold_fails_the_job(
    works: Callable[..., None], make_run: MakeRun
) -> None:
    works("not_a_number")
    assert run_one(make_run()).status == Status.FAILED


def test_a_talkative_job_is_cut_short_but_completes(
    works: Callable[..., None], make_run: MakeRun
) -> None:
    works("many_lines")
    run = run_one(make_run())
    assert run.status == Status.COMPLETED
    assert JobEvent.objects.filter(job_id=run.pk, kind="log").count() == 500


def test_a_full_disk_at_the_end_fails_the_job_and_leaves_no_half_result(
    works: Callable[..., None], make_run: MakeRun
) -> None:
    def full(_run: Any, _result: Mapping[str, Any], _scratch: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    works("fine")
    kinds.on_completion("training", full)
    run = run_one(make_run())
    assert (run.status, run.error_type) == (Status.FAILED, "StorageError")
    assert "No space left on device" in run.error_message
    assert run.notes == ""


def test_a_job_taken_over_by_another_worker_is_dropped(
    works: Callable[..., None], make_run: MakeRun, settings: Any
) -> None:
    works("python_loop")
    run = make_run()
    claim = job_claim(queue="training", worker="old")
    assert claim is not None

    def take_over(_run: TrainingRun) -> None:
        job_release(claim, reason="No sign of life.", crashed=True)
        assert job_claim(queue="training", worker="new") is not None

    with meanwhile(run, take_over):
        execute(claim)
    run.refresh_from_db()
    assert (run.status, run.worker, run.attempt) == (Status.RUNNING, "new", 2)


def test_a_stopping_worker_gives_its_job_back(
    works: Callable[..., None], make_run: MakeRun, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_SHUTDOWN_GRACE_SECONDS = 0.2
    works("c_code")
    run = make_run()
    begun: list[float] = []
    monkeypatch.setattr(stopping, "requested_at", lambda: begun[0] if begun else None)
    with meanwhile(run, lambda _: begun.append(time.monotonic())):
        run_one(run)
    assert (run.status, run.crashes, run.worker) == (Status.PENDING, 0, "")
    assert run.progress_message == "Its worker was stopped."


def test_queues_take_turns_after_each_job(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = {"training": ["t1"], "tuning": ["a", "b", "c"]}
    ran: list[str] = []
    monkeypatch.setattr(executor, "queues_shared", lambda: ["training", "tuning"])
    monkeypatch.setattr(
        executor,
        "job_claim",
        lambda *, queue, worker: waiting[queue].pop(0) if waiting[queue] else None,
    )
    monkeypatch.setattr(executor, "execute", ran.append)
    assert drain("tuning", worker="w") == 4
    assert ran == ["a", "t1", "b", "c"]
