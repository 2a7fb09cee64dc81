"""A policy's challenger of a table learns from what was predicted and has come true, over HTTP."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.conf import settings

from modelwright.automation.loops import loops_advance
from modelwright.automation.models import Loop, LoopStep
from modelwright.automation.policies import policy_create
from modelwright.catalog.files import path_of_dataset
from modelwright.catalog.models import DataSet, Share
from modelwright.core.clock import clock_shift, now
from modelwright.engine.gathered import gathered_keys
from modelwright.engine.tables import read_table
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.promotion import version_promote
from modelwright.registry.removal import model_run_delete
from modelwright.runs.executor import run_here
from modelwright.runs.models import TrainingRun
from modelwright.serving.models import Prediction
from modelwright.tuning.models import TuningRun
from tests.api.research import DATASETS, a_dataset
from tests.monitoring.test_traffic import (
    rows_of,
    subject,
    table_write,
    tell,
    train,
    truth_of,
    use,
)
from tests.people import person, rest
from tests.tuning.conftest import work_all

__all__ = ["subject"]

TABLE_ROWS = 1000


@pytest.fixture(autouse=True)
def _real_time_again() -> Iterator[None]:
    yield
    clock_shift(dt.timedelta())


def turned(row: dict[str, Any]) -> str:
    """Return what happens once the world has changed."""
    return "no" if truth_of(row) == "yes" else "yes"


def policy(subject: Subject, **then: Any) -> None:
    rules = {
        "when": {"age_days": 1},
        "then": {"retrain": True, **then},
        "cooldown_hours": 0,
    }
    policy_create(name="learns", subject=subject, rules=rules, user=None)


def turn(subject: Subject, **then: Any) -> TrainingRun:
    """Let a day pass and the policy act; return the training that it asked for."""
    policy(subject, **then)
    return turn_again()


def turn_again() -> TrainingRun:
    clock_shift(dt.timedelta(days=2))
    loops_advance()
    assert Loop.objects.latest("started_at").state == "gathering"
    loops_advance()
    return TrainingRun.objects.get(status="pending")


def trained(run: TrainingRun) -> ModelVersion:
    done = run_here(run)
    assert done.status == "completed", done.error_message
    return ModelVersion.objects.get(run=done)


def frame_of(run: TrainingRun) -> pd.DataFrame:
    return read_table(path_of_dataset(run.table_path)).frame


def test_it_learns_from_the_table_and_from_what_came_true(subject: Subject) -> None:
    rows = rows_of(2, 300)
    use(subject, rows, turned)
    run = turn(subject)
    assert run.gathered is not None
    frame = frame_of(run)
    assert len(frame) == TABLE_ROWS + 300
    later = frame.iloc[TABLE_ROWS:].to_dict("records")
    assert later == [{**row, "answer": turned(row)} for row in rows]
    version = trained(run)
    assert version.subject == subject.key
    assert version.run.total_samples == TABLE_ROWS + 300
    assert version.run.dataset_sha256 == run.gathered.sha256
    card = rest("viewer").get(f"/api/v1/subjects/{subject.slug}/versions/{version.number}/").json()
    assert card["lineage"]["gathered_dataset_id"] == str(run.gathered.pk)
    said = LoopStep.objects.filter(state="training").get().text
    assert "labels with actual values, version 1" in said


def test_it_may_learn_from_the_last_days_alone(subject: Subject) -> None:
    use(subject, rows_of(2, 50), truth_of)
    clock_shift(dt.timedelta(days=20))
    use(subject, rows_of(3, 400), turned)
    policy(subject, train_days=7)
    clock_shift(dt.timedelta(days=22))
    loops_advance()
    loops_advance()
    version = trained(TrainingRun.objects.get(status="pending"))
    assert version.run.total_samples == 400
    assert version.run.accuracy > 0.9
    version_promote(version=version, user=None, reason="the world has changed")
    answers = use(subject, rows_of(4, 100), truth=None)
    right = [a["prediction"] == turned(r) for a, r in zip(answers, rows_of(4, 100), strict=True)]
    assert sum(right) > 90


def test_the_next_turn_keeps_what_is_no_longer_logged_and_takes_corrections(
    subject: Subject,
) -> None:
    first = use(subject, rows_of(2, 100), truth_of)
    version = trained(turn(subject))
    version_promote(version=version, user=None, reason="first turn")
    Loop.objects.update(ended_at=version.created_at, state="kept")
    gone, corrected = first[0]["prediction_id"], first[1]["prediction_id"]
    Prediction.objects.filter(request_id=gone).delete()
    tell(subject, [{"prediction_id": corrected, "actual": turned(rows_of(2, 100)[1])}])
    use(subject, rows_of(3, 40), truth_of)
    clock_shift(dt.timedelta(days=9))
    loops_advance()
    loops_advance()
    run = TrainingRun.objects.get(status="pending")
    frame = frame_of(run)
    keys = gathered_keys(path_of_dataset(run.table_path))
    assert len(frame) == TABLE_ROWS + 140
    assert len(set(keys)) == len(keys) == 140
    at = {key: TABLE_ROWS + place for place, key in enumerate(keys)}
    assert frame.loc[at[gone], "need"] == rows_of(2, 100)[0]["need"]
    assert frame.loc[at[corrected], "answer"] == turned(rows_of(2, 100)[1])
    assert run.gathered is not None
    assert run.gathered.version == 2


def test_what_the_champion_learned_stays_though_nothing_is_logged_any_more(
    subject: Subject,
) -> None:
    use(subject, rows_of(2, 30), truth_of)
    version_promote(version=trained(turn(subject)), user=None, reason="first turn")
    Loop.objects.update(ended_at=now(), state="kept")
    Prediction.objects.all().delete()
    clock_shift(dt.timedelta(days=9))
    loops_advance()
    loops_advance()
    assert len(frame_of(TrainingRun.objects.get(status="pending"))) == TABLE_ROWS + 30


def test_a_row_that_was_asked_for_twice_counts_once(subject: Subject) -> None:
    row = rows_of(2, 1)[0]
    at = "2026-11-01T00:00:00Z"
    for _ in range(2):
        use(subject, [row], truth=None, keys=["k"], times=[at])
    tell(subject, [{"key": "k", "time": at, "actual": "yes"}])
    assert len(frame_of(turn(subject))) == TABLE_ROWS + 1


def test_where_nothing_came_true_it_learns_from_the_table_as_it_stands(subject: Subject) -> None:
    use(subject, rows_of(2, 10), truth=None)
    run = turn(subject)
    assert run.gathered is None
    assert trained(run).run.total_samples == TABLE_ROWS


def test_gathered_twice_it_is_one_data_set(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(subject, rows_of(2, 20))

    def killed(*_args: Any, **_kwargs: Any) -> None:
        raise KeyboardInterrupt

    policy(subject)
    clock_shift(dt.timedelta(days=2))
    loops_advance()
    with monkeypatch.context() as patch:
        patch.setattr("modelwright.automation.loops.subject_retrain", killed)
        with pytest.raises(KeyboardInterrupt):
            loops_advance()
    assert not TrainingRun.objects.filter(status="pending").exists()
    loops_advance()
    assert TrainingRun.objects.get(status="pending").gathered == DataSet.objects.get()


def test_a_table_that_is_gone_ends_the_turn_in_words(subject: Subject) -> None:
    use(subject, rows_of(2, 20))
    (Path(settings.DATA_ROOT) / "tables/labels.csv").unlink()
    policy(subject)
    clock_shift(dt.timedelta(days=2))
    loops_advance()
    loops_advance()
    assert Loop.objects.earliest("started_at").state == "failed"
    assert "'tables/labels.csv' not found" in LoopStep.objects.get(state="failed").text
    assert not DataSet.objects.exists()


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("numbers.csv", lambda row: 3 * row["need"]),
        ("bits.csv", lambda row: int(row["need"] > 0.5)),  # class "1" is told as the number 1
    ],
)
def test_numbers_stay_numbers(
    transactional_db: None, name: str, truth: Callable[[dict[str, Any]], Any]
) -> None:
    _, subject = train(table_write(name, truth))
    use(subject, rows_of(2, 30), truth)
    run = turn(subject)
    later = frame_of(run)["answer"].iloc[TABLE_ROWS:].tolist()
    assert later == pytest.approx([truth(row) for row in rows_of(2, 30)])
    first = TrainingRun.objects.earliest("number")
    assert trained(run).run.per_class_metrics.keys() == first.per_class_metrics.keys()


def test_of_an_experiment_the_owner_has_it_and_it_goes_with_its_run(
    transactional_db: None,
) -> None:
    table = pd.DataFrame([{**row, "answer": truth_of(row)} for row in rows_of(1, 300)])
    dataset = a_dataset(content=table.to_csv(index=False).encode(), name="sites")
    body = {"name": "e", "dataset_id": str(dataset.pk), "target_column": "answer"}
    made = rest("trainer").post("/api/v1/experiments/", body, format="json").json()
    sent = {"experiment_id": made["id"], "model_type": "logistic_regression"}
    answer = rest("trainer").post("/api/v1/models/train/", sent, format="json")
    assert answer.status_code in (201, 202), answer.content
    first = trained(TrainingRun.objects.get(status="pending"))
    version_promote(version=first, user=None, reason="first")
    subject = Subject.objects.get(key=first.subject)
    Share.objects.create(experiment=subject.experiment, user=person("viewer"), level="viewer")
    use(subject, rows_of(2, 50), turned)
    policy(subject, tune={"method": "random_search", "trials": 3})
    clock_shift(dt.timedelta(days=2))
    loops_advance()
    loops_advance()
    assert Loop.objects.get().state == "tuning"
    work_all()
    search = TuningRun.objects.get(pk=Loop.objects.get().tuning_run_id)
    assert search.status == "completed"
    assert search.gathered is not None
    assert search.gathered.row_count == 350
    loops_advance()
    run = TrainingRun.objects.get(status="pending")
    assert run.gathered == search.gathered
    assert trained(run).run.total_samples == 350
    place = f"{DATASETS}{search.gathered.pk}/"
    assert rest("trainer").get(place).json()["name"] == "sites with actual values"
    refused = rest("trainer").delete(f"{place}?force=true")
    assert refused.status_code == 409, refused.content
    assert f"run {run.number}" in str(refused.json())
    Loop.objects.all().delete()
    search.delete()
    model_run_delete(run=run, user=person("trainer"))
    assert rest("trainer").get(place).status_code == 404
    assert not path_of_dataset(search.gathered.path).exists()
