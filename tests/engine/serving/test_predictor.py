"""A predictor gives the pipeline's own numbers, and says what is wrong with rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import issparse
from sklearn.ensemble._forest import ForestClassifier, ForestRegressor

from modelwright.engine import (
    MODEL_TYPES,
    ModelTrainer,
    available_model_types,
    write_future_skills_csv,
)
from modelwright.engine.serving.predictor import Predictor
from modelwright.engine.serving.rows import RowsError
from modelwright.engine.serving.shapley import places_of


def trained(path: Path, **options: Any) -> ModelTrainer:
    hyperparameters = options.pop("hyperparameters", {"n_estimators": 25})
    trainer = ModelTrainer(path, **options)
    trainer.load_data()
    trainer.train(**hyperparameters)
    return trainer


def table(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the cells as JSON would bring them."""
    return {str(c): [None if pd.isna(x) else x for x in frame[c].tolist()] for c in frame}


@pytest.fixture(scope="module")
def skills(tmp_path_factory: pytest.TempPathFactory) -> ModelTrainer:
    return trained(write_future_skills_csv(tmp_path_factory.mktemp("s") / "skills.csv"))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(3)
    n = 300
    frame = pd.DataFrame(
        {
            "site": rng.choice(["north", "south", "east"], n),
            "shift": rng.choice(["day", "night"], n).astype(object),
            "load": rng.normal(50, 9, n),
            "age": rng.integers(1, 20, n),
            "since": pd.date_range("2024-01-01", periods=n, freq="D").astype(str),
        }
    )
    frame["energy"] = frame["load"] * 2 + frame["age"] + rng.normal(0, 1, n)
    frame["state"] = np.where(frame["energy"] > 110, "high", "low")
    frame.loc[5:30, "shift"] = None
    frame.loc[40:60, "load"] = np.nan
    path = tmp_path_factory.mktemp("m") / "mixed.csv"
    frame.to_csv(path, index=False)
    return path


def test_forests_answer_fast_and_to_the_last_bit(skills: ModelTrainer) -> None:
    predictor = Predictor(skills.model)
    answer = predictor.answer(table(skills.X_test))
    assert predictor.is_fast
    assert answer.labels == tuple(skills.model.predict(skills.X_test))
    expected = skills.model.predict_proba(skills.X_test)
    assert np.array_equal(np.array(answer.probabilities), expected)
    assert answer.classes == tuple(skills.model.classes_)


@pytest.mark.parametrize(
    ("model_type", "fast"),
    [
        ("random_forest", True),
        ("extra_trees", True),
        ("hist_gradient_boosting", False),
        ("logistic_regression", False),
        ("svm", False),
        ("knn", False),
    ],
)
@pytest.mark.parametrize("columns", [["site", "shift", "load", "age"], ["site", "since", "load"]])
def test_every_classifier_answers_like_its_pipeline(
    mixed: Path, model_type: str, fast: bool, columns: list[str]
) -> None:
    trainer = trained(
        mixed,
        target_column="state",
        model_type=model_type,
        feature_columns=columns,
        hyperparameters={},
    )
    predictor = Predictor(trainer.model)
    answer = predictor.answer(table(trainer.X_test))
    assert answer.labels == tuple(trainer.model.predict(trainer.X_test))
    if answer.probabilities:
        expected = trainer.model.predict_proba(trainer.X_test)
        assert np.array_equal(np.array(answer.probabilities), expected)
    assert predictor.is_fast == (fast and "since" not in columns)


@pytest.mark.parametrize("model_type", ["random_forest", "extra_trees", "ridge"])
def test_regressions_answer_like_their_pipeline(mixed: Path, model_type: str) -> None:
    trainer = trained(
        mixed,
        target_column="energy",
        model_type=model_type,
        feature_columns=["site", "shift", "load", "age"],
        hyperparameters={},
    )
    answer = Predictor(trainer.model).answer(table(trainer.X_test))
    assert np.array_equal(np.array(answer.values), trainer.model.predict(trainer.X_test))


def test_unknown_categories_are_allowed(skills: ModelTrainer) -> None:
    row = skills.X_test.iloc[:1].assign(skill_name="never seen")
    answer = Predictor(skills.model).answer(table(row))
    assert answer.labels == tuple(skills.model.predict(row))


def test_a_missing_column_is_named(skills: ModelTrainer) -> None:
    rows = table(skills.X_test.drop(columns=["trend_score"]))
    with pytest.raises(RowsError, match="'trend_score' is missing"):
        Predictor(skills.model).answer(rows)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("trend_score", "0.5", "'trend_score' must hold numbers; row 2"),
        ("trend_score", True, "must hold numbers"),
        ("trend_score", None, "'trend_score' is empty in row 2"),
        ("trend_score", 1e300, "too large"),
        ("skill_name", 7, "'skill_name' must hold text; row 2"),
        ("skill_name", ["x"], "must hold text"),
    ],
)
def test_a_cell_of_another_kind_is_named(
    skills: ModelTrainer, column: str, cell: Any, message: str
) -> None:
    rows = table(skills.X_test.iloc[:3])
    rows[column][1] = cell
    with pytest.raises(RowsError, match=message):
        Predictor(skills.model).answer(rows)


def test_texts_of_a_file_are_read(skills: ModelTrainer) -> None:
    frame = skills.X_test.iloc[:5]
    written = {c: [str(x) for x in cells] for c, cells in table(frame).items()}
    assert Predictor(skills.model).answer(written, written=True).labels == tuple(
        skills.model.predict(frame)
    )


def test_explanations_add_up_to_the_answer(skills: ModelTrainer) -> None:
    predictor = Predictor(skills.model)
    answer = predictor.answer(table(skills.X_test.iloc[:10]), explain=True)
    roots = np.mean([t.tree_.value[0, 0] for t in skills.model[-1].estimators_], axis=0)
    for i, explanation in enumerate(answer.explanations):
        shown = int(np.argmax(answer.probabilities[i]))
        assert set(explanation) == {c.name for c in predictor.columns}
        total = roots[shown] + sum(explanation.values())
        assert total == pytest.approx(answer.probabilities[i][shown], abs=1e-12)


def test_a_linear_model_is_explained_by_its_coefficients(mixed: Path) -> None:
    trainer = trained(mixed, target_column="energy", model_type="ridge", hyperparameters={})
    predictor, frame = Predictor(trainer.model), trainer.X_test.iloc[:5]
    encoded = trainer.model[:-1].transform(frame)
    encoded = encoded.toarray() if issparse(encoded) else encoded
    for row, explanation in zip(
        encoded, predictor.answer(table(frame), explain=True).explanations, strict=True
    ):
        for name, places in places_of(trainer.model[0]).items():
            wanted = float((row * trainer.model[-1].coef_)[places].sum())
            assert explanation[name] == pytest.approx(wanted, abs=1e-9)


def test_too_many_rows_are_not_explained_at_once(mixed: Path) -> None:
    trainer = trained(mixed, target_column="energy", model_type="ridge", hyperparameters={})
    rows = table(pd.concat([trainer.X_test] * 50).iloc[:1000])
    with pytest.raises(RowsError, match="can be explained at once"):
        Predictor(trainer.model).answer(rows, explain=True)


SMALL = {
    "random_forest": {"n_estimators": 5}, "extra_trees": {"n_estimators": 5},
    "hist_gradient_boosting": {"max_iter": 5}, "xgboost": {"n_estimators": 5},
    "lightgbm": {"n_estimators": 5},
}  # fmt: skip


@pytest.mark.parametrize("model_type", sorted(MODEL_TYPES))
@pytest.mark.parametrize("target", ["state", "energy"])
def test_explanations_of_each_model_type_add_up_to_the_answer(
    model_type: str, target: str, mixed: Path, tmp_path: Path
) -> None:
    if model_type not in available_model_types():
        pytest.skip(f"{model_type} is not installed")
    task = "classification" if target == "state" else "regression"
    if task not in MODEL_TYPES[model_type].tasks:
        pytest.skip(f"{model_type} is not for {task}")
    frame = pd.read_csv(mixed).drop(columns="since")
    path = tmp_path / "undated.csv"
    frame.drop(columns="energy" if target == "state" else "state").to_csv(path, index=False)
    trainer = trained(
        path, target_column=target, model_type=model_type,
        hyperparameters=SMALL.get(model_type, {}),
    )  # fmt: skip
    predictor, rows = Predictor(trainer.model), table(trainer.X_test.iloc[:5])
    plain = predictor.answer(rows)
    answer = predictor.answer(rows, explain=True)
    assert (answer.labels, answer.values) == (plain.labels, plain.values)
    for i, explanation in enumerate(answer.explanations):
        assert set(explanation) == {column.name for column in predictor.columns}
        label = None if answer.labels is None else answer.labels[i]
        row = trainer.model[:-1].transform(trainer.X_test.iloc[i : i + 1])
        said = _said(trainer.model[-1], row, label)
        begin = _compared_with(trainer.model[-1], label)
        assert begin + sum(explanation.values()) == pytest.approx(said, abs=1e-6)


def _said(model: Any, row: Any, label: str | None) -> float:
    """Return what is explained: the value, or what the model says for a label."""
    if label is None:
        return float(np.ravel(model.predict(row))[0])
    place = [str(c) for c in model.classes_].index(label)
    if hasattr(model, "predict_proba"):
        return float(model.predict_proba(row)[0, place])
    scores = np.ravel(model.decision_function(row))
    return float(scores[place] if len(scores) > 1 else scores[0] * (1 if place else -1))


def _compared_with(model: Any, label: str | None) -> float:
    """Return the answer that an explanation begins from."""
    if isinstance(model, ForestClassifier | ForestRegressor):
        roots = np.mean([tree.tree_.value[0].ravel() for tree in model.estimators_], axis=0)
        return float(roots[0 if label is None else model.classes_.tolist().index(label)])
    return _said(model, np.zeros((1, model.n_features_in_)), label)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_row_of_the_right_kinds_is_answered_with_the_same_bits(
    data: st.DataObject, skills: ModelTrainer
) -> None:
    predictor = _loaded(skills)
    numbers = st.floats(-1e6, 1e6, allow_nan=False)
    words = st.one_of(st.text(max_size=5), st.sampled_from(skills.X_train["skill_name"].tolist()))
    row = {
        c.name: [data.draw(numbers if c.kind == "numeric" else words)] for c in predictor.columns
    }
    answer = predictor.answer(row)
    frame = predictor._frame(row)
    assert np.array_equal(np.array(answer.probabilities), skills.model.predict_proba(frame))


_predictors: dict[int, Predictor] = {}


def _loaded(trainer: ModelTrainer) -> Predictor:
    return _predictors.setdefault(id(trainer), Predictor(trainer.model))
