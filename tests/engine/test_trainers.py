"""The contract of every registered trainer, and the exactness of forests grown in chunks."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modelwright.engine import (
    FUTURE_SKILLS,
    MODEL_TYPES,
    ModelTrainer,
    TrainingConfig,
    TrainingError,
    run_training,
)
from modelwright.engine import growth as growth_module
from modelwright.engine.growth import grow
from modelwright.engine.trainers import trainer_for

CASES = [(name, task) for name, model in MODEL_TYPES.items() for task in model.tasks]


@pytest.fixture(scope="session")
def mixed_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a table with numbers, text, dates, booleans and missing cells."""
    random = np.random.default_rng(3)
    n = 150
    size = random.normal(50, 10, n)
    shop = random.choice(["north", "south", "west"], n)
    frame = pd.DataFrame(
        {
            "number": [f"n-{i}" for i in range(n)],
            "size": np.where(random.random(n) < 0.1, np.nan, size.round(2)),
            "shop": np.where(random.random(n) < 0.1, None, shop),
            "opened": pd.date_range("2020-01-01", periods=n, freq="9D").strftime("%Y-%m-%d"),
            "online": random.random(n) < 0.5,
        }
    )
    score = size + 5 * (shop == "north") + random.normal(0, 2, n)
    frame["sales"] = (score * 3.7).round(3)
    frame["level"] = np.where(score > 55, "high", np.where(score > 47, "middle", "low"))
    path = tmp_path_factory.mktemp("mixed") / "shops.csv"
    frame.to_csv(path, index=False)
    return path


def config_for(path: Path, model_type: str, task: str, **more: Any) -> TrainingConfig:
    """Return a small training of a model type."""
    target, other = ("level", "sales") if task == "classification" else ("sales", "level")
    small = {"n_estimators": 12, "max_iter": 40}
    declared = {p.name for p in MODEL_TYPES[model_type].parameters}
    return TrainingConfig(
        str(path),
        target,
        model_type,
        task=task,
        feature_columns=tuple(
            c for c in ("number", "size", "shop", "opened", "online") if c != other
        ),
        hyperparameters={k: v for k, v in small.items() if k in declared},
        **more,
    )


@pytest.mark.parametrize(("model_type", "task"), CASES)
class TestContract:
    """What `Trainer` promises."""

    def test_result_is_complete_and_plain(
        self, model_type: str, task: str, mixed_csv: Path, tmp_path: Path
    ) -> None:
        told: list[tuple[float, str]] = []
        result = run_training(
            config_for(mixed_csv, model_type, task),
            artifact_path=tmp_path / "model.pkl",
            report=lambda percent, step, _message: told.append((percent, step)),
        )
        data = result.to_dict()
        assert json.loads(json.dumps(data, allow_nan=False)) == data
        score = data["metrics"]["accuracy" if task == "classification" else "r2"]
        assert score > (0.5 if task == "classification" else 0.05)
        assert data["features_used"] == ["size", "shop", "opened", "online"]
        assert set(data["feature_importance"]) == set(data["features_used"])
        assert sum(data["feature_importance"].values()) == pytest.approx(1, abs=1e-4)
        assert data["feature_importance"]["size"] > data["feature_importance"]["online"]
        assert any("'number' left out" in text for text in data["warnings"])
        declared = {p.name for p in MODEL_TYPES[model_type].parameters if task in p.tasks}
        assert declared <= set(data["hyperparameters"])
        percents = [percent for percent, _ in told]
        assert percents == sorted(percents)
        assert (percents[0], percents[-1]) == (0.0, 100.0)
        steps = list(dict.fromkeys(step for _, step in told))
        assert steps == ["read", "check", "split", "fit", "evaluate", "save"]

    def test_same_seed_same_predictions_for_any_threads(
        self, model_type: str, task: str, mixed_csv: Path
    ) -> None:
        answers = []
        for threads in (1, 1, 2):
            trainer = ModelTrainer.from_config(
                config_for(mixed_csv, model_type, task, threads=threads)
            )
            trainer.load_data()
            trainer.train()
            assert trainer.model is not None
            answers.append(np.asarray(trainer.model.predict(trainer.X_test)))
        assert (answers[0] == answers[1]).all()
        if task == "classification":
            assert (answers[0] == answers[2]).all()
        else:
            np.testing.assert_allclose(answers[0], answers[2], rtol=1e-4)

    def test_parameters_read_as_built(self, model_type: str, task: str, mixed_csv: Path) -> None:
        trainer = trainer_for(model_type)
        config = config_for(mixed_csv, model_type, task)
        fresh = trainer.build(task, config.hyperparameters, random_state=42, threads=1)
        run = ModelTrainer.from_config(config)
        run.load_data()
        run.train()
        assert run.model is not None
        # XGBoost learns its objective from the number of classes.
        fitted = {**trainer.parameters(run.model.steps[-1][1]), "objective": None}
        assert repr(fitted) == repr({**trainer.parameters(fresh), "objective": None})

    def test_unseen_and_missing_values_are_predicted(
        self, model_type: str, task: str, mixed_csv: Path
    ) -> None:
        run = ModelTrainer.from_config(config_for(mixed_csv, model_type, task))
        run.load_data()
        run.train()
        rows = pd.DataFrame(
            {
                "size": [50.0, np.nan],
                "shop": ["moon", None],
                "opened": ["2031-12-24", None],
                "online": [1.0, 0.0],
            }
        )
        assert run.model is not None
        assert len(run.model.predict(rows)) == 2

    def test_model_can_be_pickled(self, model_type: str, task: str, mixed_csv: Path) -> None:
        run = ModelTrainer.from_config(config_for(mixed_csv, model_type, task))
        run.load_data()
        run.train()
        assert run.model is not None
        again = pickle.loads(pickle.dumps(run.model))  # noqa: S301  (our own, just made)
        assert (again.predict(run.X_test) == run.model.predict(run.X_test)).all()


@pytest.fixture(params=["one go", "many chunks"])
def speed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make forests grow in one go after the first trees, or in many chunks."""
    seconds = {"one go": 3600.0, "many chunks": 0.0}[request.param]
    monkeypatch.setattr(growth_module, "ONE_GO_SECONDS", seconds)
    return str(request.param)


@pytest.mark.parametrize("class_weight", ["balanced", "balanced_subsample", None])
def test_future_skills_forest_is_that_of_plain_scikit_learn(
    class_weight: str | None, skills_csv: Path, speed: str
) -> None:
    told: list[float] = []
    run = ModelTrainer(skills_csv, report=lambda percent, _step, _message: told.append(percent))
    run.load_data()
    run.train(class_weight=class_weight, n_estimators=60)
    plain = Pipeline(
        [
            (
                "preprocessor",
                ColumnTransformer(
                    [
                        (
                            "text",
                            OneHotEncoder(handle_unknown="ignore"),
                            list(FUTURE_SKILLS.text_columns),
                        ),
                        ("numeric", StandardScaler(), list(FUTURE_SKILLS.numeric_columns)),
                    ]
                ),
            ),
            (
                "classifier",
                RandomForestClassifier(60, random_state=42, class_weight=class_weight),
            ),
        ]
    ).fit(run.X_train, run.y_train)
    assert run.model is not None
    ours = run.model.predict_proba(run.X_test)
    assert (ours == plain.predict_proba(run.X_test)).all()
    assert repr(run.model) == repr(plain)
    assert run.model.get_params(deep=True).keys() == plain.get_params(deep=True).keys()
    forest, other = run.model[-1], plain[-1]
    assert forest.get_params() == other.get_params()
    assert (forest.feature_importances_ == other.feature_importances_).all()
    assert (len(told) > 20) == (speed == "many chunks")


def test_regression_forest_grown_in_chunks_is_exact(speed: str) -> None:
    random = np.random.default_rng(1)
    X, y = random.normal(size=(200, 5)), random.normal(size=200)
    ours = ExtraTreesRegressor(37, random_state=5)
    grow(ours, X, y, parameter="n_estimators", threads=1, progress=lambda *_: None)
    assert (ours.predict(X) == ExtraTreesRegressor(37, random_state=5).fit(X, y).predict(X)).all()


def test_progress_ends_at_one_and_parameters_are_put_back_when_the_fit_fails() -> None:
    forest = RandomForestClassifier(9)

    def stop(_share: float, _text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grow(forest, [[0], [1]], [0, 1], parameter="n_estimators", threads=1, progress=stop)
    assert (forest.n_estimators, forest.warm_start) == (9, False)


def test_task_that_a_model_type_does_not_do_is_refused(mixed_csv: Path) -> None:
    run = ModelTrainer(mixed_csv, target_column="sales", model_type="logistic_regression")
    run.load_data()
    with pytest.raises(TrainingError, match="does classification only, and this is a regression"):
        run.train()


def test_more_neighbours_than_rows_are_refused(mixed_csv: Path) -> None:
    run = ModelTrainer(mixed_csv, target_column="level", model_type="knn")
    run.load_data()
    with pytest.raises(TrainingError, match=r"n_neighbors is 500, but there are only 120 rows"):
        run.train(n_neighbors=500)


@pytest.mark.parametrize("error", [ValueError("odd\nmore"), FloatingPointError("odd")])
def test_failing_fit_is_a_training_error(
    error: Exception, skills_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise error

    monkeypatch.setattr(RandomForestClassifier, "fit", fail)
    run = ModelTrainer(skills_csv)
    run.load_data()
    with pytest.raises(TrainingError, match=r"^The fit failed: odd$"):
        run.train()
    assert run.model is None


def test_fit_that_does_not_converge_says_so(mixed_csv: Path) -> None:
    run = ModelTrainer(mixed_csv, target_column="level", model_type="logistic_regression")
    run.load_data()
    run.train(max_iter=1)
    assert any("converge" in text for text in run.result().warnings)
