"""Problems to search on, and scikit-learn's own answer to them."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from modelwright.engine.config import TrainingConfig
from modelwright.engine.samples import future_skills_table
from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.evaluators import Evaluator
from modelwright.engine.search.execution import Task, grouped, make_work
from modelwright.engine.search.methods import Proposal
from modelwright.engine.search.problem import Problem

GRID_36 = {
    "n_estimators": [3, 6, 12],
    "max_depth": [5, 10, None],
    "min_samples_split": [2, 5],
    "min_samples_leaf": [1, 2],
}


def preprocessor(frame: pd.DataFrame) -> ColumnTransformer:
    """Encode words and scale numbers, as the trainings do."""
    words = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    numbers = [c for c in frame.columns if c not in words]
    steps = [
        ("text", OneHotEncoder(handle_unknown="ignore"), words),
        ("numeric", StandardScaler(), numbers),
    ]
    return ColumnTransformer([step for step in steps if step[2]])


def skills() -> tuple[pd.DataFrame, Any]:
    """Return the future-skills sample: one-hot columns make it sparse."""
    frame = pd.DataFrame(future_skills_table())
    return frame, np.asarray(frame.pop("future_need_level").tolist())


def breast_cancer() -> tuple[pd.DataFrame, Any]:
    """Return a dense table of two classes."""
    data = load_breast_cancer(as_frame=True)
    return data.data, data.target.to_numpy()


def mixed_table(rows: int, seed: int, *, words: int, numbers: int) -> pd.DataFrame:
    """Return a random table; few different values make for ties."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for i in range(words):
        columns[f"w{i}"] = [f"v{j}" for j in random.integers(0, 3 + 2 * i, rows)]
    for i in range(numbers):
        columns[f"n{i}"] = random.normal(size=rows).round(i % 3)
    return pd.DataFrame(columns)


def scores_of(
    evaluator: Evaluator, problem: Problem, combinations: Sequence[Mapping[str, Any]]
) -> Any:
    """Return the score of every combination (row) on every fold (column); NaN where it failed."""
    work = make_work(problem, evaluator)
    found = np.full((len(combinations), len(problem.splits)), np.nan)
    proposals = [Proposal(i, dict(params)) for i, params in enumerate(combinations)]
    with threadpool_limits(1):
        for group in grouped(problem, evaluator, proposals):
            for fold in range(len(problem.splits)):
                for scored in work(Task(group, fold)):
                    if scored.score is not None:
                        found[group[scored.position].number, fold] = scored.score
    return found


def grid_search_cv(
    problem: Problem, combinations: Sequence[Mapping[str, Any]], **options: Any
) -> Any:
    """Return the fold scores that scikit-learn's GridSearchCV gives; NaN where it failed."""
    grid = [{f"model__{k}": [v] for k, v in params.items()} for params in combinations]
    search = GridSearchCV(
        problem.pipeline({}),
        grid,
        scoring=problem.scorer,
        cv=list(problem.splits),
        refit=False,
        **options,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(problem.X, problem.y)
    folds = range(len(problem.splits))
    return np.column_stack([search.cv_results_[f"split{i}_test_score"] for i in folds])


def config(
    grid: Mapping[str, Any], model_type: str = "random_forest", **options: Any
) -> SearchConfig:
    """Return a search on data that are given elsewhere."""
    return SearchConfig(TrainingConfig("t.csv", model_type=model_type), param_grid=grid, **options)
