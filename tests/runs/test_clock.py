"""The clock set forward or back by an hour: no job is taken for dead, run twice, or left lying."""

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from django.conf import LazySettings

from modelwright.accounts.services import token_create
from modelwright.core.clock import clock_shift, now
from modelwright.runs.jobs import Claim, job_beat, job_claim, job_end
from modelwright.runs.models import JobEvent, TrainingRun, Worker
from modelwright.runs.names import scratch_name, worker_gone, worker_name
from modelwright.runs.selectors import workers_alive
from modelwright.runs.silence import silence
from modelwright.runs.states import Status
from modelwright.runs.sweep import jobs_sweep
from tests.people import person, rest

MakeRun = Callable[..., TrainingRun]
HOUR = dt.timedelta(hours=1)
JUMPS = pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
ELSEWHERE = "elsewhere:1-2-3"
DEAD_AFTER = 0.5


@pytest.fixture(autouse=True)
def _own_clock(settings: LazySettings) -> Iterator[None]:
    settings.JOB_DEAD_AFTER_SECONDS = 0.0
    silence.look()  # whatever tests before have done to the clock
    settings.JOB_DEAD_AFTER_SECONDS = DEAD_AFTER
    yield
    clock_shift(dt.timedelta())
    settings.JOB_DEAD_AFTER_SECONDS = 0.0
    silence.look()


def claimed() -> Claim:
    found = job_claim(queue="training", worker=ELSEWHERE)
    assert found is not None
    return found


@pytest.mark.django_db
@JUMPS
def test_a_living_job_is_not_taken_for_dead(make_run: MakeRun, jump: dt.timedelta) -> None:
    make_run()
    claim = claimed()
    clock_shift(jump)
    for _ in range(8):  # longer than it may be silent
        assert jobs_sweep().released == 0
        time.sleep(DEAD_AFTER / 4)
        assert job_beat(claim) is False
    assert job_end(claim, Status.CANCELLED) is not None
    ends = JobEvent.objects.filter(job_id=claim.job_id, kind="status", data__status="cancelled")
    assert ends.count() == 1


@pytest.mark.django_db
@JUMPS
def test_a_dead_job_is_found_as_soon_as_else(make_run: MakeRun, jump: dt.timedelta) -> None:
    run = make_run()
    claimed()
    clock_shift(jump)
    assert jobs_sweep().released == 0
    time.sleep(DEAD_AFTER * 1.2)
    assert jobs_sweep().released == 1
    run.refresh_from_db()
    assert (run.status, run.crashes) == (Status.PENDING, 1)


@pytest.mark.django_db
@JUMPS
def test_a_lost_ring_is_made_good(
    make_run: MakeRun,
    silent_bell: list[str],
    jump: dt.timedelta,
    django_capture_on_commit_callbacks: Callable,
) -> None:
    make_run(rung_at=now())
    assert jobs_sweep().rung == 0
    clock_shift(jump)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs_sweep().rung == 1
    assert silent_bell == ["training"]


@pytest.mark.django_db
@JUMPS
def test_the_folder_of_a_living_job_stays(
    make_run: MakeRun, settings: LazySettings, jump: dt.timedelta
) -> None:
    make_run()
    claim = claimed()
    folder = settings.SCRATCH_DIR / scratch_name("training", claim.job_id, claim.attempt)
    folder.mkdir()
    long_ago = time.time() - jump.total_seconds()
    os.utime(folder, (long_ago, long_ago))
    jobs_sweep()
    assert folder.exists()
    assert job_end(claim, Status.CANCELLED) is not None
    os.utime(folder, (0, 0))
    jobs_sweep()
    assert not folder.exists()


@pytest.mark.django_db
def test_a_worker_that_was_there_before_the_clock_was_set_back_does_not_live_for_ever() -> None:
    Worker.objects.create(name=ELSEWHERE, hostname="elsewhere", pid=1, slots=1, seen_at=now())
    assert workers_alive().count() == 1
    clock_shift(-HOUR)
    assert not workers_alive().exists()


@pytest.mark.skipif(not os.path.exists("/proc"), reason="tells by the time of day there")
@JUMPS
def test_a_process_stays_the_same_when_the_clock_is_set(
    monkeypatch: pytest.MonkeyPatch, jump: dt.timedelta
) -> None:
    """After a jump, new processes compute another time of day for the start of old ones."""
    name = worker_name()
    before = psutil.Process.create_time
    monkeypatch.setattr(
        psutil.Process, "create_time", lambda self: before(self) + jump.total_seconds()
    )
    assert not worker_gone(name)


@pytest.mark.django_db
@JUMPS
def test_a_token_goes_on(jump: dt.timedelta) -> None:
    token = token_create(user=person("trainer"))
    clock_shift(jump)
    answer = rest("anonymous").get(
        "/api/training/runs/", headers={"Authorization": f"Token {token}"}
    )
    assert answer.status_code == 200
