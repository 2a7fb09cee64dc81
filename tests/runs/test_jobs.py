"""The state machine: who may claim, who may write, what the database itself refuses."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from modelwright.accounts.models import User
from modelwright.core.clock import now
from modelwright.runs.jobs import (
    Claim,
    job_beat,
    job_cancel,
    job_cancel_requested,
    job_claim,
    job_end,
    job_progress,
    job_release,
)
from modelwright.runs.kinds import kind_of, kinds_all, on_end
from modelwright.runs.models import JobEvent, TrainingRun
from modelwright.runs.states import ENDED, LEGAL_MOVES, Status

MakeRun = Callable[..., TrainingRun]


def claim(worker: str = "w1") -> Claim:
    taken = job_claim(queue="training", worker=worker)
    assert taken is not None
    return taken


def test_a_pending_job_is_claimed_once(make_run: MakeRun) -> None:
    run = make_run()
    assert claim().job_id == run.pk
    assert job_claim(queue="training", worker="w2") is None
    run.refresh_from_db()
    assert (run.status, run.worker, run.attempt) == (Status.RUNNING, "w1", 1)
    assert run.beat_at is not None


def test_higher_priority_goes_first_then_age(make_run: MakeRun) -> None:
    make_run()
    first = make_run(priority=5)
    second = make_run(priority=5)
    assert [claim().job_id for _ in range(2)] == [first.pk, second.pk]


def test_one_users_hundred_jobs_dont_starve_anothers_one(
    make_run: MakeRun, users: list[User]
) -> None:
    ann, bob, _ = users
    for _ in range(20):
        make_run(user=ann)
    late = make_run(user=bob)
    order = [claim().job_id for _ in range(3)]
    assert late.pk in order[:2]


def test_fairness_goes_round_the_users_when_jobs_end_one_by_one(
    make_run: MakeRun, users: list[User]
) -> None:
    for user in users:
        for _ in range(3):
            make_run(user=user)
    served = []
    for _ in range(9):
        taken = claim()
        served.append(TrainingRun.objects.get(pk=taken.job_id).user_id)
        job_end(taken, Status.COMPLETED)
    assert all(len(set(served[i : i + 3])) == 3 for i in (0, 3, 6))


def test_a_worker_declared_dead_cant_write_over_its_successor(make_run: MakeRun) -> None:
    run = make_run()
    old = claim("w1")
    assert job_release(old, reason="No sign of life.", crashed=True)
    new = claim("w2")
    assert new.attempt == 2
    assert job_beat(old) is None
    assert job_cancel_requested(old) is None
    assert not job_progress(old, 50, "fit", "")
    assert not job_end(old, Status.FAILED, error_message="late")
    assert not job_release(old, reason="late", crashed=True)
    assert job_end(new, Status.COMPLETED)
    run.refresh_from_db()
    assert (run.status, run.error_message, run.crashes) == (Status.COMPLETED, "", 1)


def test_a_job_that_kills_its_workers_is_failed_at_the_limit(
    make_run: MakeRun, settings: pytest.FixtureRequest
) -> None:
    settings.JOB_MAX_CRASHES = 2
    run = make_run()
    assert job_release(claim(), reason="It died.", crashed=True)
    assert job_release(claim(), reason="It died.", crashed=True)
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert "It died. It was tried 2 times" in run.error_message
    assert run.accuracy == 0.0


def test_a_job_given_back_by_a_stopping_worker_costs_no_try(
    make_run: MakeRun, settings: pytest.FixtureRequest
) -> None:
    settings.JOB_MAX_CRASHES = 1
    run = make_run()
    for _ in range(3):
        assert job_release(claim(), reason="Its worker was stopped.", crashed=False)
    run.refresh_from_db()
    assert (run.status, run.crashes, run.attempt) == (Status.PENDING, 0, 3)


def test_a_pending_job_is_cancelled_at_once(make_run: MakeRun) -> None:
    run = make_run()
    assert job_cancel(run)
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    assert run.finished_at is not None
    assert not job_cancel(run)


def test_a_running_job_is_asked_to_stop(make_run: MakeRun) -> None:
    run = make_run()
    taken = claim()
    assert job_cancel_requested(taken) is False
    assert job_cancel(run)
    assert job_cancel_requested(taken) is True
    assert job_beat(taken) is True


def test_a_lost_job_that_was_to_be_cancelled_is_cancelled_not_tried_again(
    make_run: MakeRun,
) -> None:
    run = make_run()
    taken = claim()
    job_cancel(run)
    assert job_release(taken, reason="It died.", crashed=True)
    run.refresh_from_db()
    assert run.status == Status.CANCELLED


def test_every_change_of_state_is_an_event(make_run: MakeRun) -> None:
    run = make_run()
    taken = claim()
    job_progress(taken, 40, "fit", "tree 40 of 100")
    job_end(taken, Status.COMPLETED)
    events = list(JobEvent.objects.filter(job_id=run.pk))
    assert [e.data.get("status") or e.data["percent"] for e in events] == [
        "running",
        40,
        "completed",
    ]
    assert [e.id for e in events] == sorted(e.id for e in events)


@pytest.mark.parametrize("ended", sorted(ENDED))
def test_the_database_refuses_to_leave_an_end_state(make_run: MakeRun, ended: Status) -> None:
    run = make_run()
    TrainingRun.objects.filter(pk=run.pk).update(status=ended, finished_at=now())
    for status in Status:
        if status is ended:
            continue
        changes: dict[str, object] = {"status": status}
        changes["finished_at"] = None if status not in ENDED else now()
        with pytest.raises(DatabaseError, match="never leaves"), transaction.atomic():
            TrainingRun.objects.filter(pk=run.pk).update(**changes)


def test_the_tables_of_all_kinds_of_jobs_have_that_rule(db: None) -> None:
    """SQLite forgets it where a migration makes a table anew."""
    sql = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found = {name for (name,) in cursor.fetchall()}
    tables = {kind.model._meta.db_table for kind in kinds_all()}
    assert {f"{table}_end_states_are_final" for table in tables} <= found


def test_nothing_leaves_an_end_state_in_the_table_of_moves() -> None:
    assert set(LEGAL_MOVES) == set(Status)
    assert all(not LEGAL_MOVES[status] for status in ENDED)


def test_the_database_allows_one_open_run_per_subject(make_run: MakeRun) -> None:
    first = make_run(subject="s")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_run(subject="s")
    job_cancel(first)
    make_run(subject="s")


def test_the_database_refuses_an_unknown_status_and_an_end_without_a_time(
    make_run: MakeRun,
) -> None:
    run = make_run()
    for changes in ({"status": "paused"}, {"status": "completed"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            TrainingRun.objects.filter(pk=run.pk).update(**changes)


def test_an_illegal_move_is_a_programming_error(make_run: MakeRun) -> None:
    make_run()
    with pytest.raises(ValueError, match="never goes"):
        job_end(claim(), Status.RUNNING)


def test_the_kind_of_a_job_is_known(make_run: MakeRun) -> None:
    assert kind_of(make_run()).name == "training"


def test_elapsed_time_stops_with_the_job(make_run: MakeRun) -> None:
    start = now() - dt.timedelta(minutes=5)
    run = make_run(
        status=Status.COMPLETED, started_at=start, finished_at=start + dt.timedelta(seconds=90)
    )
    assert run.elapsed_seconds == 90


def test_who_asked_is_told_of_every_end(make_run: MakeRun) -> None:
    told: list[str] = []

    def hook(run: TrainingRun) -> None:
        told.append(run.status)

    hooks = kind_of(make_run()).end_hooks
    on_end("training", hook)
    try:
        job_end(claim(), Status.FAILED)
        job_cancel(make_run())
    finally:
        hooks.remove(hook)
    assert told == ["failed", "cancelled"]
