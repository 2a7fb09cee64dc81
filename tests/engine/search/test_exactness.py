"""Every fold score is the one that scikit-learn's GridSearchCV gives, to the last bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline

from modelwright.engine.search.evaluators import choose, evaluator_named
from modelwright.engine.search.evaluators.neighbours import look
from modelwright.engine.search.problem import Problem
from modelwright.engine.search.runner import search
from modelwright.engine.search.space import parse_space
from tests.engine.search.helpers import (
    GRID_36,
    breast_cancer,
    config,
    grid_search_cv,
    mixed_table,
    preprocessor,
    scores_of,
    skills,
)

CLASSIFICATION_METRICS = ("accuracy", "precision", "recall", "f1", "roc_auc")
REGRESSION_METRICS = (
    "r2",
    "neg_mean_squared_error",
    "neg_mean_absolute_error",
    "neg_root_mean_squared_error",
)


@pytest.mark.parametrize("table", [skills, breast_cancer])
def test_a_grid_of_36_gives_the_scores_of_grid_search_cv(table: Any) -> None:
    """The benchmark's grid with few trees and folds; `make bench` compares the whole of it."""
    X, y = (rows[::2] for rows in table())
    problem = Problem.from_arrays(
        X,
        y,
        model_type="random_forest",
        preprocessor=preprocessor(X),
        fixed={"class_weight": "balanced"},
        cv_folds=2,
    )
    result = search(problem, config(GRID_36))
    reference = GridSearchCV(
        Pipeline(
            [
                ("preprocessor", preprocessor(X)),
                ("model", RandomForestClassifier(random_state=42, class_weight="balanced")),
            ]
        ),
        {f"model__{name}": values for name, values in GRID_36.items()},
        scoring="accuracy",
        cv=StratifiedKFold(2, shuffle=True, random_state=42),
        refit=False,
    ).fit(X, y)
    cells = reference.cv_results_
    params = [{k.removeprefix("model__"): v for k, v in p.items()} for p in cells["params"]]
    assert result.evaluator == "forest, counted"
    assert result.notes == ()
    assert [dict(trial.params) for trial in result.trials] == params
    for number, trial in enumerate(result.trials):
        assert list(trial.fold_scores) == [cells[f"split{i}_test_score"][number] for i in range(2)]
        assert trial.mean == cells["mean_test_score"][number]
        assert trial.std == pytest.approx(cells["std_test_score"][number], abs=1e-15)


limits = st.fixed_dictionaries(
    {"n_estimators": st.integers(1, 6)},
    optional={
        "max_depth": st.sampled_from([1, 2, 3, 5, 8, 30, None]),
        "min_samples_split": st.integers(2, 9),
        "min_samples_leaf": st.integers(1, 5),
        "max_features": st.sampled_from(["sqrt", "log2", None]),
        "bootstrap": st.booleans(),
    },
)
weights = st.sampled_from([None, "balanced", "balanced_subsample"])


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.integers(30, 120),
    seed=st.integers(0, 10**6),
    words=st.integers(0, 4),
    numbers=st.integers(1, 4),
    classes=st.integers(2, 4),
    model=st.sampled_from(["random_forest", "extra_trees"]),
    metric=st.sampled_from(CLASSIFICATION_METRICS),
    combinations=st.lists(
        st.builds(lambda a, b: {**a, "class_weight": b}, limits, weights), min_size=2, max_size=4
    ),
)
def test_forests_of_classes(
    rows: int,
    seed: int,
    words: int,
    numbers: int,
    classes: int,
    model: str,
    metric: str,
    combinations: list[dict[str, Any]],
) -> None:
    X = mixed_table(rows, seed, words=words, numbers=numbers)
    random = np.random.default_rng(seed)
    score = X["n0"].to_numpy() + random.normal(size=rows)
    y = np.array(["a", "b", "c", "d"])[
        np.searchsorted(np.quantile(score, np.sort(random.random(classes - 1))), score)
    ]
    if min(np.unique(y, return_counts=True)[1]) < 3 or len(np.unique(y)) < 2:
        y = np.array(["a", "b"])[(np.argsort(np.argsort(score)) % 2)]
    problem = Problem.from_arrays(
        X,
        y,
        model_type=model,
        metric=metric,
        cv_folds=2,
        random_state=seed,
        preprocessor=preprocessor(X),
    )
    evaluator, notes = choose(problem)
    counted = model == "random_forest"
    assert (evaluator.name, notes) == ("forest, counted" if counted else "forest", ())
    wanted = grid_search_cv(problem, combinations)
    np.testing.assert_array_equal(scores_of(evaluator, problem, combinations), wanted)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.integers(30, 120),
    seed=st.integers(0, 10**6),
    words=st.integers(0, 4),
    model=st.sampled_from(["random_forest", "extra_trees"]),
    metric=st.sampled_from(REGRESSION_METRICS),
    combinations=st.lists(limits, min_size=2, max_size=4),
)
def test_forests_of_numbers(
    rows: int,
    seed: int,
    words: int,
    model: str,
    metric: str,
    combinations: list[dict[str, Any]],
) -> None:
    X = mixed_table(rows, seed, words=words, numbers=2)
    y = X["n0"].to_numpy() + np.random.default_rng(seed).normal(size=rows)
    problem = Problem.from_arrays(
        X,
        y,
        model_type=model,
        task="regression",
        metric=metric,
        cv_folds=2,
        random_state=seed,
        preprocessor=preprocessor(X),
    )
    evaluator, _ = choose(problem)
    wanted = grid_search_cv(problem, combinations)
    np.testing.assert_array_equal(scores_of(evaluator, problem, combinations), wanted)


OTHERS: dict[str, dict[str, list[Any]]] = {
    "hist_gradient_boosting": {
        "max_iter": [3, 9],
        "early_stopping": [False, True],
    },
    "logistic_regression": {"C": [0.01, 10.0], "solver": ["lbfgs", "newton-cg"]},
    "ridge": {"alpha": [0.1, 1.0, 100.0]},
    "svm": {"C": [0.1, 1.0], "kernel": ["rbf", "linear"], "gamma": ["scale", 0.01]},
    "knn": {"n_neighbors": [1, 3, 8], "weights": ["uniform", "distance"], "p": [1, 2]},
    "lightgbm": {"n_estimators": [3, 8], "num_leaves": [4, 15], "subsample": [0.7]},
    "xgboost": {"n_estimators": [3, 8], "max_depth": [2, 4], "subsample": [0.7]},
}


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("model", sorted(OTHERS))
def test_every_other_model(model: str, task: str) -> None:
    if model == "logistic_regression" and task == "regression":
        pytest.skip("it knows no numbers")
    X, y = (rows[:100] for rows in skills())
    y = y if task == "classification" else X["avg_salary_k"].to_numpy() ** 2
    metrics = CLASSIFICATION_METRICS if task == "classification" else REGRESSION_METRICS
    if model in ("ridge", "svm"):
        metrics = tuple(metric for metric in metrics if metric != "roc_auc")
    combinations = list(parse_space(model, OTHERS[model], task=task).combinations())
    for metric in (metrics[0], metrics[-1]):
        problem = Problem.from_arrays(
            X,
            y,
            model_type=model,
            task=task,
            metric=metric,
            preprocessor=preprocessor(X),
            cv_folds=2,
        )
        evaluator, notes = choose(problem)
        assert notes == ()
        found = scores_of(evaluator, problem, combinations)
        assert not np.isnan(found).any()
        plain = scores_of(evaluator_named("plain"), problem, combinations)
        np.testing.assert_array_equal(found, plain)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.integers(20, 80),
    seed=st.integers(0, 10**6),
    words=st.integers(0, 3),
    numbers=st.integers(1, 3),
    scaled=st.booleans(),
    task=st.sampled_from(["classification", "regression"]),
    place=st.integers(0, 3),
    counts=st.lists(st.integers(1, 45), min_size=1, max_size=4, unique=True),
    fixed=st.fixed_dictionaries({}, optional={"p": st.sampled_from([1, 2, 3])}),
)
def test_neighbours_that_were_looked_for_once(
    rows: int,
    seed: int,
    words: int,
    numbers: int,
    scaled: bool,
    task: str,
    place: int,
    counts: list[int],
    fixed: dict[str, Any],
) -> None:
    """Few different values make for ties; too many neighbours for so few rows fail in both."""
    X = mixed_table(rows, seed, words=words if scaled else 0, numbers=numbers)
    y = X["n0"].to_numpy() + np.random.default_rng(seed).normal(size=rows)
    if task == "classification":
        y = np.array(["a", "b", "c"])[np.argsort(np.argsort(y)) % 3]
    problem = Problem.from_arrays(
        X if scaled else X.to_numpy(),
        y,
        model_type="knn",
        task=task,
        metric=(CLASSIFICATION_METRICS if task == "classification" else REGRESSION_METRICS)[place],
        cv_folds=2,
        preprocessor=preprocessor(X) if scaled else None,
        fixed=fixed,
    )
    combinations = [
        {"n_neighbors": number, "weights": weights}
        for number in counts
        for weights in ("uniform", "distance")
    ]
    evaluator, notes = choose(problem)
    assert (evaluator.name, notes) == ("neighbours", ())
    wanted = scores_of(evaluator_named("plain"), problem, combinations)
    np.testing.assert_array_equal(scores_of(evaluator, problem, combinations), wanted)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_neighbours_are_looked_for_once_where_none_are_equally_far(task: str) -> None:
    X = np.random.default_rng(0).normal(size=(80, 20))
    y = X[:, 0] if task == "regression" else X[:, 0] > 0
    problem = Problem.from_arrays(X, y, model_type="knn", task=task, cv_folds=2)
    models = [
        problem.estimator({"n_neighbors": number, "weights": weights})
        for number in (1, 4, 9)
        for weights in ("uniform", "distance")
    ]
    assert sorted(look(models, range(6), problem.fold(0))) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("model", ["random_forest", "extra_trees"])
def test_the_public_interface_gives_the_same(model: str) -> None:
    X, y = (rows[:120] for rows in skills())
    problem = Problem.from_arrays(
        X,
        y,
        model_type=model,
        preprocessor=preprocessor(X),
        fixed={"class_weight": "balanced"},
        cv_folds=2,
    )
    grid = {"n_estimators": [3, 8], "max_depth": [4, None], "min_samples_split": [2, 4]}
    combinations = list(parse_space(model, grid).combinations())
    found = scores_of(evaluator_named("forest, public interface"), problem, combinations)
    wanted = grid_search_cv(problem, combinations)
    np.testing.assert_array_equal(found, wanted)
    for name in ("forest", "forest, counted"):
        np.testing.assert_array_equal(
            scores_of(evaluator_named(name), problem, combinations), wanted
        )


@pytest.mark.parametrize("name", ["forest", "forest, counted"])
def test_order_and_company_of_the_combinations_change_nothing(name: str) -> None:
    X, y = skills()
    problem = Problem.from_arrays(
        X, y, model_type="random_forest", preprocessor=preprocessor(X), cv_folds=2
    )
    combinations = list(
        parse_space(
            "random_forest",
            {"n_estimators": [3, 9], "max_depth": [3, None], "min_samples_split": [2, 9]},
        ).combinations()
    )
    evaluator = evaluator_named(name)
    together = scores_of(evaluator, problem, combinations)
    backwards = scores_of(evaluator, problem, combinations[::-1])[::-1]
    alone = np.vstack([scores_of(evaluator, problem, [c]) for c in combinations])
    np.testing.assert_array_equal(together, backwards)
    np.testing.assert_array_equal(together, alone)


def test_a_table_with_missing_numbers_goes_the_public_way() -> None:
    X, y = breast_cancer()
    holes = X.to_numpy().copy()
    holes[::7, 3] = np.nan
    problem = Problem.from_arrays(holes, y, model_type="random_forest", cv_folds=2)
    combinations = [{"n_estimators": 3}, {"n_estimators": 5, "max_depth": 2}]
    for name in ("forest", "forest, counted"):
        found = scores_of(evaluator_named(name), problem, combinations)
        np.testing.assert_array_equal(found, grid_search_cv(problem, combinations))
