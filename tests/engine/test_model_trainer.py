"""`ModelTrainer` as contract A has it, its preset, its warnings and its record."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modelwright.engine import (
    FUTURE_SKILLS,
    ArtifactError,
    DataLoadError,
    HyperparameterError,
    ModelTrainer,
    ModelTrainerError,
    TableLimits,
    TrainingConfig,
    TrainingError,
    run_training,
    set_recorder,
)
from tests.bad_tables import ODD_TABLES, ROWS, table_of


def loaded(path: Path, **more: Any) -> ModelTrainer:
    """Return a trainer whose data are loaded."""
    trainer = ModelTrainer(path, **more)
    trainer.load_data()
    return trainer


def warnings_of(path: Path, **more: Any) -> str:
    """Return the warnings about a table, as one text."""
    data = loaded(path, **more).data_
    assert data is not None
    return "\n".join(data.warnings)


def csv(folder: Path, **columns: Any) -> Path:
    """Write columns as a CSV."""
    path = folder / "t.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def test_default_is_the_future_skills_training(skills_csv: Path) -> None:
    trainer = ModelTrainer(skills_csv)
    assert (trainer.test_split, trainer.random_state) == (0.2, 42)
    assert trainer.X_train is None
    trainer.load_data()
    assert trainer.X_train is not None
    assert trainer.y_test is not None
    assert list(trainer.X_train.columns) == list(FUTURE_SKILLS.feature_columns)
    assert (len(trainer.X_train), len(trainer.y_test)) == (285, 72)
    metrics = trainer.train()
    assert list(metrics) == [
        "accuracy",
        "precision",
        "recall",
        "f1_score",
        "training_duration_seconds",
    ]
    again = trainer.evaluate(trainer.X_test, trainer.y_test)
    assert again == {k: v for k, v in metrics.items() if k != "training_duration_seconds"}
    result = trainer.result()
    assert result.n_estimators == 100
    assert result.hyperparameters["class_weight"] == "balanced"
    assert result.per_class_metrics["HIGH"]["support"] == 24
    assert 0.95 <= (metrics["accuracy"] or 0) < 1
    importance = trainer.get_feature_importance()
    assert list(importance.values()) == sorted(importance.values(), reverse=True)


def test_same_request_gives_the_same_metrics(skills_csv: Path, tmp_path: Path) -> None:
    results = []
    for threads in (1, 2):
        config = TrainingConfig(str(skills_csv), preset="future_skills", threads=threads)
        path = tmp_path / f"{threads}.pkl"
        result = run_training(config, artifact_path=path, report=lambda *_: None).to_dict()
        result["metrics"].pop("training_duration_seconds")
        results.append(result)
    assert results[0] == results[1]


@pytest.mark.parametrize("split", [0.0, 0.05, 0.51, 1, -1, "0.2", True, float("nan")])
def test_split_out_of_range_is_refused(split: Any, skills_csv: Path) -> None:
    with pytest.raises(ModelTrainerError, match=r"test_split must be between 0\.1 and 0\.5"):
        loaded(skills_csv, test_split=split)


def test_preset_allows_only_its_hyperparameters(skills_csv: Path) -> None:
    trainer = loaded(skills_csv)
    with pytest.raises(HyperparameterError, match="Unknown hyperparameter 'bootstrap'"):
        trainer.train(bootstrap=False)


def test_null_class_weight_is_kept(skills_csv: Path) -> None:
    trainer = loaded(skills_csv)
    trainer.train(class_weight=None, n_estimators=3)
    assert trainer.result().hyperparameters["class_weight"] is None


def test_calls_in_the_wrong_order_say_what_comes_first(skills_csv: Path, tmp_path: Path) -> None:
    trainer = ModelTrainer(skills_csv)
    with pytest.raises(TrainingError, match=r"Call load_data\(\) first"):
        trainer.train()
    for call in (trainer.get_feature_importance, trainer.result):
        with pytest.raises(TrainingError, match=r"Call train\(\) first"):
            call()
    with pytest.raises(TrainingError, match=r"Call train\(\) first"):
        trainer.save_model(tmp_path / "m.pkl")


def test_rows_that_do_not_fit_are_refused(skills_csv: Path) -> None:
    trainer = loaded(skills_csv)
    trainer.train(n_estimators=3)
    assert trainer.X_test is not None
    with pytest.raises(TrainingError, match="trend_score"):
        trainer.evaluate(trainer.X_test.drop(columns="trend_score"), trainer.y_test)
    with pytest.raises(TrainingError, match="72 rows and 0 targets"):
        trainer.evaluate(trainer.X_test, [])


def test_warnings_name_what_was_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(ODD_TABLES["some_labels_invalid"])
    assert "40 row(s) left out" in warnings_of(path)
    assert "'?' (40)" in warnings_of(path)
    path.write_bytes(ODD_TABLES["a_column_missing"])
    assert "Missing feature column(s), left out: trend_score" in warnings_of(path)
    path.write_bytes(ODD_TABLES["dash_for_missing"])
    assert "hold '-' among numbers (first in row 2)" in warnings_of(path)
    high = [r for r in ROWS if r.endswith("HIGH")]
    low = [r for r in ROWS if r.endswith("LOW")]
    path.write_bytes(table_of(high + low[:20]))
    assert "Class imbalance 6.0:1 ('HIGH' 119 rows, 'LOW' 20)" in warnings_of(path)


def test_general_table_is_sorted_out(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    n = 400
    y = random.choice(["yes", "no"], n)
    path = csv(
        tmp_path,
        customer_id=random.permutation(n),
        comment=[f"text {i}" for i in range(n)],
        town=[f"town {i % 150}" for i in range(n)],
        constant=["x"] * n,
        answer=y,
        day=pd.date_range("2024-01-30", periods=n).strftime("%d/%m/%Y"),
        paid=random.choice(["True", "False", ""], n),
        amount=random.normal(size=n) + 3 * (y == "yes"),
        y=y,
    )
    trainer = loaded(path, target_column="y")
    trainer.train(n_estimators=20)
    assert trainer.data_ is not None
    kinds = {f.name: f.kind for f in trainer.data_.features}
    assert kinds == {"town": "text", "day": "date", "paid": "numeric", "amount": "numeric"}
    text = "\n".join(trainer.data_.warnings)
    for words in (
        "'customer_id' left out",
        "'comment' left out",
        "'constant' left out: it has the same value",
        "'answer' left out: it equals the target",
        "'town' has 150 different texts",
    ):
        assert words in text
    assert set(trainer.get_feature_importance()) == set(kinds)


def test_task_is_told_from_the_target(tmp_path: Path) -> None:
    x = np.arange(100.0) % 17
    numbers = csv(tmp_path, x=x, y=x * 2 + 0.5)
    assert loaded(numbers, target_column="y").data_.task == "regression"  # type: ignore[union-attr]
    codes = csv(tmp_path, x=x, y=np.arange(100) % 3)
    data = loaded(codes, target_column="y").data_
    assert data is not None
    assert (data.task, data.labels) == ("classification", ("0", "1", "2"))


def test_whole_numbers_with_gaps_keep_their_labels(tmp_path: Path) -> None:
    path = csv(tmp_path, x=np.arange(90) % 7, y=[None, 0, 1] * 30)
    data = loaded(path, target_column="y").data_
    assert data is not None
    assert data.labels == ("0", "1")
    assert "30 row(s) without a value in 'y' left out." in data.warnings


def test_chosen_features_only(skills_csv: Path) -> None:
    trainer = loaded(
        skills_csv,
        target_column="future_need_level",
        feature_columns=["trend_score", "skill_name", "nonsense"],
    )
    assert trainer.X_train is not None
    assert list(trainer.X_train.columns) == ["trend_score", "skill_name"]
    assert trainer.data_ is not None
    assert trainer.data_.missing_features == ("nonsense",)


def test_message_shows_the_path_as_given_only(tmp_path: Path) -> None:
    config = TrainingConfig(
        str(tmp_path / "x.csv"), preset="future_skills", display_name="data/x.csv"
    )
    with pytest.raises(DataLoadError, match=r"^Dataset file 'data/x\.csv' not found"):
        run_training(config, artifact_path=tmp_path / "m.pkl", report=lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_config_survives_json() -> None:
    config = TrainingConfig(
        "a.csv",
        "y",
        allowed_labels=("a", "b"),
        feature_columns=("c",),
        hyperparameters={"n_estimators": 3},
        limits=TableLimits(max_rows=5),
    )
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    with pytest.raises(ModelTrainerError, match="Unknown entries of TrainingConfig: rows"):
        TrainingConfig.from_dict({"dataset_path": "a.csv", "rows": 1})


class Notebook:
    """A recorder that remembers."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def record_training(self, **facts: Any) -> object:
        """Remember a training."""
        self.seen.append(facts)
        return "recorded"

    def record_failure(self, **facts: Any) -> object:
        """Remember a failure."""
        self.seen.append(facts)
        return "failed"


@pytest.fixture
def notebook() -> Any:
    """Register a recorder for one test."""
    recorder = Notebook()
    set_recorder(recorder)
    yield recorder
    set_recorder(None)


def test_run_is_recorded(skills_csv: Path, tmp_path: Path, notebook: Notebook) -> None:
    trainer = loaded(skills_csv)
    trainer.train(n_estimators=3)
    trainer.save_model(tmp_path / "m.pkl")
    assert trainer.save_training_run("v1", user="ada", notes="first") == "recorded"
    facts = notebook.seen[0]
    assert facts["model_path"] == str(tmp_path / "m.pkl")
    assert facts["result"].artifact == trainer.artifact_
    assert facts["config"].hyperparameters == {"n_estimators": 3}
    assert (facts["model_version"], facts["user"], facts["notes"]) == ("v1", "ada", "first")


def test_failed_run_is_recorded(tmp_path: Path, notebook: Notebook) -> None:
    trainer = ModelTrainer(tmp_path / "none.csv")
    with pytest.raises(DataLoadError) as error:
        trainer.load_data()
    assert trainer.save_failed_training_run("v1", str(error.value)) == "failed"
    assert "none.csv" in notebook.seen[0]["error_message"]
    assert notebook.seen[0]["duration_seconds"] >= 0


def test_without_a_recorder_the_way_to_one_is_told(skills_csv: Path) -> None:
    trainer = loaded(skills_csv)
    trainer.train(n_estimators=2)
    with pytest.raises(ModelTrainerError, match=r"modelwright\.connect\(\)"):
        trainer.save_training_run("v1")
    with pytest.raises(ModelTrainerError, match=r"modelwright\.connect\(\)"):
        trainer.save_failed_training_run("v1", "why")


def test_errors_have_stable_codes() -> None:
    assert issubclass(DataLoadError, ModelTrainerError)
    assert issubclass(TrainingError, ModelTrainerError)
    assert (DataLoadError.code, TrainingError.code) == ("data_load_error", "training_error")
    assert (HyperparameterError.code, ArtifactError.code) == (
        "hyperparameter_error",
        "artifact_error",
    )
