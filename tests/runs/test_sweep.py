"""What was lost is made good: rings, workers, half-done cancelling."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from modelwright.core.clock import now
from modelwright.runs.jobs import job_claim
from modelwright.runs.models import TrainingRun
from modelwright.runs.names import host_name, worker_gone, worker_name
from modelwright.runs.states import Status
from modelwright.runs.sweep import jobs_sweep

MakeRun = Callable[..., TrainingRun]
LONG_AGO = dt.timedelta(hours=1)


def test_a_pending_job_whose_ring_was_lost_is_rung_again(
    make_run: MakeRun, silent_bell: list[str], django_capture_on_commit_callbacks: Callable
) -> None:
    make_run(rung_at=now() - LONG_AGO)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs_sweep().rung == 1
    assert silent_bell == ["training"]
    assert jobs_sweep().rung == 0


def test_a_job_without_a_sign_of_life_is_tried_again(make_run: MakeRun) -> None:
    run = make_run()
    job_claim(queue="training", worker="elsewhere:1:2")
    TrainingRun.objects.update(beat_at=now() - LONG_AGO)
    assert jobs_sweep().released == 1
    run.refresh_from_db()
    assert (run.status, run.crashes) == (Status.PENDING, 1)
    assert jobs_sweep().released == 0


def test_a_job_that_died_before_its_first_sign_of_life_is_found(make_run: MakeRun) -> None:
    run = make_run()
    job_claim(queue="training", worker="elsewhere:1:2")
    TrainingRun.objects.update(beat_at=None, started_at=now() - LONG_AGO)
    assert jobs_sweep().released == 1
    run.refresh_from_db()
    assert run.status == Status.PENDING


def test_a_job_whose_worker_ended_on_this_host_is_found_at_once(make_run: MakeRun) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = worker_name(gone.pid)
    make_run()
    job_claim(queue="training", worker=name)
    assert jobs_sweep().released == 0
    gone.kill()
    gone.wait()
    assert jobs_sweep().released == 1


def test_a_living_job_is_left_alone(make_run: MakeRun) -> None:
    make_run()
    job_claim(queue="training", worker=worker_name())
    assert jobs_sweep().released == 0


def test_a_pending_job_whose_cancelling_was_cut_off_is_cancelled(make_run: MakeRun) -> None:
    run = make_run(cancel_requested=True)
    assert job_claim(queue="training", worker="w") is None
    assert jobs_sweep().cancelled == 1
    run.refresh_from_db()
    assert run.status == Status.CANCELLED


@pytest.mark.parametrize(
    "name",
    ["", "elsewhere:1:2", "no-pid", "elsewhere", f"{host_name()}:{os.getpid()}"],
    ids=["nobody", "elsewhere with a start", "no pid", "elsewhere", "here without a start"],
)
def test_nothing_is_said_of_workers_that_cant_be_judged(name: str) -> None:
    if name.endswith(str(os.getpid())):
        name = worker_name()
    assert not worker_gone(name)


def test_a_process_that_got_the_number_of_a_dead_one_is_not_taken_for_it() -> None:
    assert worker_gone(f"{host_name()}:{os.getpid()}-12345-0a1b2c3d")
