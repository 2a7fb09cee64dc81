"""A grid search of 36 combinations against scikit-learn's.

``python -m bench.search [table …] [--pairs N] [--folds F …]``: tables are skills, breast_cancer,
digits, mixed. Each pair runs GridSearchCV(n_jobs=all cores) and our search after each other on the
same folds, in turns of who goes first; the ratio is that of the wall times, its median over the
pairs is quoted. Both are warm: the processes of joblib are started before,
and what our search checks once in a process is checked.

Pairs are of all five folds; ``--folds`` chooses some. No further pair is begun that would end after
`BUDGET_SECONDS`: of mixed, where scikit-learn takes minutes, there is one.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modelwright.engine.config import TrainingConfig
from modelwright.engine.samples import future_skills_table
from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.problem import Problem
from modelwright.engine.search.runner import search

GRID = {
    "n_estimators": [50, 100, 200],
    "max_depth": [5, 10, None],
    "min_samples_split": [2, 5],
    "min_samples_leaf": [1, 2],
}
FOLDS = range(5)
BUDGET_SECONDS = 300.0
TARGETS = {"skills": 10, "breast_cancer": 10, "digits": 5, "mixed": 5}


def skills() -> tuple[pd.DataFrame, Any]:
    """Return (a): 357 rows, four columns of words and seven of numbers."""
    frame = pd.DataFrame(future_skills_table())
    return frame, np.asarray(frame.pop("future_need_level").tolist())


def breast_cancer() -> tuple[pd.DataFrame, Any]:
    """Return (c): 569 rows, 30 numbers."""
    data = load_breast_cancer(as_frame=True)
    return data.data, data.target.to_numpy()


def digits() -> tuple[pd.DataFrame, Any]:
    """Return (b): 1797 rows, 64 numbers, ten classes."""
    data = load_digits(as_frame=True)
    return data.data, data.target.to_numpy()


def mixed() -> tuple[pd.DataFrame, Any]:
    """Return (d): 10,000 rows, 18 numbers and 12 columns of 4 to 15 words, three classes."""
    random = np.random.default_rng(0)
    rows = 10_000
    numbers = {f"number_{i}": random.normal(size=rows) for i in range(18)}
    words = {f"word_{i}": random.integers(0, 4 + i, rows).astype(str) for i in range(12)}
    frame = pd.DataFrame({**numbers, **words})
    score = (
        frame["number_0"]
        + frame["number_1"] * frame["number_2"]
        + 1.5 * (frame["word_3"] == "1")
        - (frame["word_7"] == "2")
        + random.normal(size=rows)
    )
    return frame, np.where(score > 1, "high", np.where(score < -0.7, "low", "middle"))


TABLES = {"skills": skills, "breast_cancer": breast_cancer, "digits": digits, "mixed": mixed}


def preprocessor(frame: pd.DataFrame) -> ColumnTransformer:
    """Encode words, scale numbers."""
    words = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    steps = [
        ("text", OneHotEncoder(handle_unknown="ignore"), words),
        ("numeric", StandardScaler(), [c for c in frame.columns if c not in words]),
    ]
    return ColumnTransformer([step for step in steps if step[2]])


def splits_of(y: Any, folds: Sequence[int]) -> list[tuple[Any, Any]]:
    """Return the rows of some folds."""
    every = StratifiedKFold(len(FOLDS), shuffle=True, random_state=42).split(np.zeros(len(y)), y)
    return [split for fold, split in enumerate(every) if fold in folds]


def theirs(frame: pd.DataFrame, y: Any, folds: Sequence[int] = FOLDS) -> tuple[float, Any]:
    """Run GridSearchCV; return the seconds and its fold scores."""
    model = RandomForestClassifier(random_state=42, class_weight="balanced")
    grid = GridSearchCV(
        Pipeline([("preprocessor", preprocessor(frame)), ("model", model)]),
        {f"model__{name}": values for name, values in GRID.items()},
        scoring="accuracy",
        cv=splits_of(y, folds),
        refit=False,
        n_jobs=-1,
    )
    started = time.perf_counter()
    grid.fit(frame, y)
    seconds = time.perf_counter() - started
    cells = [grid.cv_results_[f"split{i}_test_score"] for i in range(len(folds))]
    return seconds, np.column_stack(cells)


def ours(frame: pd.DataFrame, y: Any, folds: Sequence[int] = FOLDS) -> tuple[float, Any]:
    """Run our search; return the seconds and its fold scores."""
    splits = splits_of(y, folds)
    started = time.perf_counter()
    problem = Problem.from_arrays(
        frame,
        y,
        model_type="random_forest",
        preprocessor=preprocessor(frame),
        fixed={"class_weight": "balanced"},
        splits=splits,
    )
    result = search(problem, SearchConfig(TrainingConfig("bench.csv"), param_grid=GRID))
    seconds = time.perf_counter() - started
    return seconds, np.array([trial.fold_scores for trial in result.trials])


def compare(table: str, pairs: int, folds: Sequence[int]) -> dict[str, Any]:
    """Run alternating pairs on one table while there is time."""
    frame, y = TABLES[table]()
    started = time.monotonic()
    ratios: list[float] = []
    seconds: list[tuple[float, float]] = []
    same: Any = True
    for pair in range(pairs):
        begun = time.monotonic()
        if pair % 2:
            (own, found), (other, wanted) = ours(frame, y, folds), theirs(frame, y, folds)
        else:
            (other, wanted), (own, found) = theirs(frame, y, folds), ours(frame, y, folds)
        same = same & (found == wanted)
        ratios.append(other / own)
        seconds.append((other, own))
        now = time.monotonic()
        if now - started + (now - begun) > BUDGET_SECONDS:
            break
    ratio = statistics.median(ratios)
    return {
        "equal_scores": int(same.sum()),
        "scores": same.size,
        "folds": len(folds),
        "ratio": round(ratio, 2),
        "met": bool(same.all()) and ratio >= TARGETS[table],
        "ratios": [round(ratio, 2) for ratio in ratios],
        "target_ratio": TARGETS[table],
        "grid_search_cv_seconds": round(statistics.median(s[0] for s in seconds), 3),
        "modelwright_seconds": round(statistics.median(s[1] for s in seconds), 3),
    }


def run(
    tables: tuple[str, ...] = tuple(TABLES), pairs: int = 3, folds: Sequence[int] = FOLDS
) -> dict[str, Any]:
    """Return the ratios, table by table.

    Parameters
    ----------
    tables : tuple of str
        Of `TABLES`.
    pairs : int
        At most how many of each.
    folds : sequence of int
        Which to compare; the first is 0.
    """
    frame, y = TABLES["skills"]()
    theirs(frame.head(60), y[:60])
    ours(frame.head(60), y[:60])
    return {table: compare(table, pairs, folds) for table in tables}


def main() -> None:
    """Print the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="table", default=[])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--folds", type=int, nargs="+", choices=FOLDS, default=list(FOLDS))
    given = parser.parse_args()
    tables = tuple(given.tables) or tuple(TABLES)
    print(json.dumps(run(tables, given.pairs, given.folds), indent=2))


if __name__ == "__main__":
    main()
