"""Parts of a result that were handed over before the end survive whatever the end is."""

import dataclasses
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from django.db import connections

from modelwright.runs import kinds, watch
from modelwright.runs.executor import execute
from modelwright.runs.jobs import job_cancel, job_claim, job_release
from modelwright.runs.models import TrainingRun
from modelwright.runs.names import worker_name
from modelwright.runs.parts import job_keep
from modelwright.runs.states import Status
from modelwright.runs.sweep import jobs_sweep
from modelwright.runs.training_kind import TRAINING

pytestmark = pytest.mark.django_db(transaction=True)

MakeRun = Callable[..., TrainingRun]
ALL = {"part 0", "part 1", "part 2"}


def note(run: TrainingRun, parts: Sequence[Mapping[str, Any]]) -> None:
    """Write every part into the notes, once."""
    run.refresh_from_db()
    notes = {*run.notes.split(", "), *(f"part {p['part']}" for p in parts)} - {""}
    TrainingRun.objects.filter(pk=run.pk).update(notes=", ".join(sorted(notes)))


@pytest.fixture
def run_in_parts(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TrainingRun]:
    """Return a function that runs a job that hands over three parts and then does something."""

    def run_it(then: str, keep: Any = note) -> TrainingRun:
        kind = dataclasses.replace(
            TRAINING,
            work="tests.runs.works:in_parts",
            prepare=lambda run: {"then": then},
            completed_fields=lambda run, result: {"model_type": str(result["number"])},
            completion_hooks=[],
            keep=keep,
        )
        monkeypatch.setitem(kinds._kinds, "training", kind)
        run = make_run()
        claim = job_claim(queue="training", worker=worker_name(), only=run.pk)
        assert claim is not None
        execute(claim)
        run.refresh_from_db()
        return run

    return run_it


def kept(run: TrainingRun) -> set[str]:
    return set(run.notes.split(", "))


def test_parts_are_there_before_a_job_is_completed(run_in_parts: Callable[..., Any]) -> None:
    run = run_in_parts("ends")
    assert (run.status, run.model_type) == (Status.COMPLETED, "3")
    assert kept(run) == ALL


def test_parts_survive_the_death_of_the_child(run_in_parts: Callable[..., Any]) -> None:
    run = run_in_parts("dies")
    assert (run.status, run.crashes) == (Status.PENDING, 1)
    assert kept(run) == ALL


def test_parts_survive_a_cancel(run_in_parts: Callable[..., Any]) -> None:
    def cancel() -> None:
        deadline = time.monotonic() + 20
        try:
            while not (run := TrainingRun.objects.filter(notes__contains="part 2").first()):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            job_cancel(run)
        finally:
            connections.close_all()

    thread = threading.Thread(target=cancel)
    thread.start()
    run = run_in_parts("goes on")
    thread.join()
    assert run.status == Status.CANCELLED
    assert kept(run) == ALL


def test_parts_that_cant_be_stored_for_a_moment_are_stored_later(
    run_in_parts: Callable[..., Any],
) -> None:
    failures = [watch.OperationalError("away"), watch.OperationalError("still away")]

    def keep(run: TrainingRun, parts: Sequence[Mapping[str, Any]]) -> None:
        if failures:
            raise failures.pop()
        note(run, parts)

    run = run_in_parts("ends", keep)
    assert run.status == Status.COMPLETED
    assert kept(run) == ALL


def test_a_job_whose_parts_cant_be_stored_is_not_completed(
    run_in_parts: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(_run: TrainingRun, _parts: Sequence[Mapping[str, Any]]) -> None:
        raise watch.OperationalError("away")

    monkeypatch.setattr(watch, "KEEP_TRIES", 1)
    assert run_in_parts("ends", keep).status == Status.PENDING


def test_a_twin_that_was_declared_dead_keeps_nothing(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kinds._kinds, "training", dataclasses.replace(TRAINING, keep=note))
    run = make_run()
    old = job_claim(queue="training", worker="old", only=run.pk)
    assert old is not None
    assert job_keep(old, [{"part": 0}])
    job_release(old, reason="silent", crashed=True)
    new = job_claim(queue="training", worker="new", only=run.pk)
    assert new is not None
    assert not job_keep(old, [{"part": 1}])
    assert job_keep(new, [{"part": 2}])
    run.refresh_from_db()
    assert run.notes == "part 0, part 2"
    TrainingRun.objects.filter(pk=run.pk).delete()
    assert not job_keep(new, [{"part": 1}])


def test_a_kind_may_make_good_what_was_left_at_every_sweep(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[str] = []
    kind = dataclasses.replace(TRAINING, sweep=lambda: swept.append("swept"))
    monkeypatch.setitem(kinds._kinds, "training", kind)
    jobs_sweep()
    assert swept == ["swept"]


def test_what_is_got_ready_in_the_worker_the_child_has(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = dataclasses.replace(
        TRAINING,
        work="tests.runs.works:is_ready",
        warm_up="tests.runs.works:get_ready",
        prepare=lambda run: {"number": run.number},
        completed_fields=lambda run, result: {"notes": str(result["ready"])},
        completion_hooks=[],
    )
    monkeypatch.setitem(kinds._kinds, "training", kind)
    run = make_run()
    claim = job_claim(queue="training", worker=worker_name(), only=run.pk)
    assert claim is not None
    execute(claim)
    run.refresh_from_db()
    assert (run.status, run.notes) == (Status.COMPLETED, f"[{run.number}]")
