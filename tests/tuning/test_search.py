"""A search from its start to each of its ends, with the real child processes."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from modelwright.core.clock import now
from modelwright.runs.jobs import job_claim, job_end, job_release
from modelwright.runs.models import JobEvent
from modelwright.runs.names import worker_name
from modelwright.runs.states import Status
from modelwright.runs.sweep import jobs_sweep
from modelwright.tuning.importance import importances
from modelwright.tuning.life import trials_keep, tuning_advance
from modelwright.tuning.models import TuningRun, TuningTrial, TuningUnit
from modelwright.tuning.services import tuning_cancel
from modelwright.tuning.trials import trials_of
from tests.tuning.conftest import Start, work_all, work_one

pytestmark = pytest.mark.django_db(transaction=True)


def again(run: TuningRun) -> TuningRun:
    return TuningRun.objects.get(pk=run.pk)


def part(number: int, mean: float = 0.5) -> dict[str, Any]:
    trial = {"number": number, "params": {"n_estimators": number + 1}, "mean": mean, "std": 0.0}
    return {"trial": {**trial, "fold_scores": [mean] * 3, "duration": 0.1, "status": "complete"}}


def results(run: TuningRun) -> dict[str, Any]:
    found = again(run).results
    assert found is not None
    return found


def test_a_grid_search_tries_every_combination_once(start: Start) -> None:
    run = start()
    assert run.status == "pending"
    assert work_all() > 1
    assert again(run).status == "completed", again(run).results
    assert [t.number for t in run.trials.all()] == [0, 1, 2, 3]
    assert results(run)["ended"] == "finished"
    assert again(run).best_params == results(run)["all_results"][0]["params"]
    kinds = JobEvent.objects.filter(job_id=run.pk).values_list("kind", flat=True)
    assert {"status", "progress"} <= set(kinds)


def test_combinations_that_share_their_trees_are_parted_for_all_workers(
    start: Start, settings: Any
) -> None:
    settings.JOB_SLOTS = 2
    run = start(param_grid={"n_estimators": [3], "max_depth": [1, 2, 3], "min_samples_split": [2]})
    assert work_one()
    pieces = [u.proposals for u in run.units.filter(role="trials")]
    assert len(pieces) >= 2
    assert sorted(p["number"] for piece in pieces for p in piece) == [0, 1, 2]


def test_trials_told_twice_are_counted_once(start: Start) -> None:
    run = start()
    TuningRun.objects.filter(pk=run.pk).update(status="running", started_at=now())
    for _ in range(2):
        with transaction.atomic():
            trials_keep(run.pk, [part(0), part(1, 0.75)])
    assert again(run).progress is not None
    progress: Any = again(run).progress
    assert (progress["current"], progress["total"], progress["percentage"]) == (2, 4, 50.0)
    assert (progress["best_score"], progress["best_number"]) == (0.75, 1)
    with pytest.raises(IntegrityError):
        TuningTrial.objects.create(tuning_run=run, number=0, params={}, status="complete")


def test_an_ended_search_takes_no_more_trials(start: Start) -> None:
    run = start()
    tuning_cancel(run=run, user=None)
    with transaction.atomic():
        trials_keep(run.pk, [part(0)])
    assert not run.trials.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        TuningRun.objects.filter(pk=run.pk).update(status="running")


def test_cancelling_keeps_what_was_found(start: Start) -> None:
    run = start()
    TuningRun.objects.filter(pk=run.pk).update(status="running", started_at=now())
    with transaction.atomic():
        trials_keep(run.pk, [part(0), part(1, 0.75)])
    tuning_cancel(run=again(run), user=None)
    assert again(run).status == "cancelled"
    assert (results(run)["best_score"], results(run)["tried"]) == (0.75, 2)
    assert not run.units.filter(status__in=["pending", "running"]).exists()


def test_a_time_limit_ends_a_search_whose_worker_is_gone(start: Start) -> None:
    run = start(timeout_seconds=5)
    claim = job_claim(queue="tuning", worker="lost")
    assert claim is not None
    TuningRun.objects.filter(pk=run.pk).update(
        status="running", started_at=now() - dt.timedelta(seconds=6)
    )
    with transaction.atomic():
        trials_keep(run.pk, [part(0)])
    jobs_sweep()
    assert again(run).status == "completed"
    assert results(run)["timed_out"] is True
    assert (results(run)["tried"], results(run)["total_combinations"]) == (1, 4)
    assert run.units.get().cancel_requested


def test_a_search_whose_last_step_was_lost_is_ended_by_a_sweep(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start()
    with monkeypatch.context() as patch:
        patch.setattr("modelwright.tuning.kind.tuning_advance", lambda _: None)
        work_all()
    assert run.units.count() == 1
    jobs_sweep()
    with monkeypatch.context() as patch:
        patch.setattr("modelwright.tuning.kind.tuning_advance", lambda _: None)
        work_all()
    assert again(run).status == "running"
    jobs_sweep()
    assert again(run).status == "completed"
    assert run.trials.count() == 4


def test_pieces_that_were_killed_are_tried_one_by_one_and_then_given_up(
    start: Start, settings: Any
) -> None:
    settings.JOB_MAX_CRASHES = 1
    run = start()
    assert work_one()
    sizes = sorted(len(u.proposals) for u in run.units.filter(role="trials"))
    assert sum(sizes) == 4
    while claim := job_claim(queue="tuning", worker=worker_name()):
        job_release(claim, reason="Killed.", crashed=True)
    run = again(run)
    assert run.status == "failed"
    assert max(len(u.proposals) for u in run.units.filter(role="trials", number__gt=2)) == 1
    assert run.trials.filter(status="failed").count() == 4
    assert results(run)["error"]["type"] == "NoTrialSucceeded"
    assert "Killed." in results(run)["error"]["message"]


def test_one_failed_piece_does_not_end_the_search(start: Start) -> None:
    run = start(param_grid={"n_estimators": [5], "min_samples_leaf": [1, 2, 3, 4]})
    assert work_one()
    claim = job_claim(queue="tuning", worker=worker_name())
    assert claim is not None
    lost = TuningUnit.objects.get(pk=claim.job_id).proposals
    job_end(claim, Status.FAILED, error_type="DataLoadError", error_message="Gone.")
    work_all()
    assert again(run).status == "completed"
    failed = run.trials.filter(status="failed")
    assert {t.number for t in failed} == {p["number"] for p in lost}
    assert {t.error for t in failed} == {"Gone."}


def test_a_search_that_cant_be_planned_fails_and_says_why(start: Start) -> None:
    run = start()
    TuningRun.objects.filter(pk=run.pk).update(config={**run.config, "cv_folds": 20})
    run.model_run.dataset_path = "artifacts/datasets/nothing-here.csv"
    run.model_run.save()
    work_all()
    assert again(run).status == "failed"
    assert results(run)["error"]["type"] == "DataLoadError"


def test_advancing_an_ended_or_deleted_search_does_nothing(start: Start) -> None:
    run = start()
    work_all()
    before = again(run)
    tuning_advance(run.pk)
    assert again(run).completed_at == before.completed_at
    key = run.pk
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tuning_runs")
    tuning_advance(key)
    assert not TuningUnit.objects.exists()


def test_importance_of_numbers_with_many_values_goes_by_quarters(start: Start) -> None:
    run = start()
    TuningTrial.objects.bulk_create(
        TuningTrial(
            tuning_run=run, number=n, mean=float(n), status="complete",
            params={"n_estimators": n, "max_depth": 2 + n % 2},
        )
        for n in range(40)
    )  # fmt: skip
    first, second = importances(trials_of(run))
    assert (first.parameter, len(first.groups)) == ("n_estimators", 4)
    assert first.importance > 0.9 > 0.1 > second.importance
    assert importances(trials_of(run)[:3]) == []
