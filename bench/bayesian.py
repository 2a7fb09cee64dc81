"""Bayesian search of 30 trials against Optuna as it comes, on the same space, folds and seeds.

Both are scored by the same evaluator (whose scores are GridSearchCV's), so that only the choice of
combinations differs. ``python -m bench.bayesian`` prints the results as JSON.
"""

import json
import statistics
import time
from typing import Any

import numpy as np
import optuna

from bench.search import TABLES, preprocessor
from modelwright.engine.config import TrainingConfig
from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.evaluators import choose
from modelwright.engine.search.problem import Problem
from modelwright.engine.search.results import SearchResult
from modelwright.engine.search.runner import search

TRIALS = 30
SEEDS = range(5)
OVERHEAD_LIMIT_MS = 15.0
SPACE: dict[str, Any] = {
    "n_estimators": {"low": 10, "high": 100},
    "max_depth": {"low": 2, "high": 20},
    "min_samples_split": {"low": 2, "high": 20},
    "min_samples_leaf": {"low": 1, "high": 10},
    "max_features": ["sqrt", "log2", None],
}


def problem_of(table: str) -> Problem:
    """Return a table with a random forest to search for."""
    frame, y = TABLES[table]()
    return Problem.from_arrays(
        frame, y, model_type="random_forest", preprocessor=preprocessor(frame)
    )


def theirs(problem: Problem, seed: int) -> float:
    """Return the best score of Optuna's default sampler."""
    evaluator, _ = choose(problem)

    def objective(trial: Any) -> float:
        params: dict[str, Any] = {}
        for name, values in sorted(SPACE.items()):  # as ours does: the order of draws counts
            if isinstance(values, list):
                params[name] = trial.suggest_categorical(name, values)
            else:
                params[name] = trial.suggest_int(name, values["low"], values["high"])
        folds = range(len(problem.splits))
        scores = [next(iter(evaluator.score(problem, fold, [params]))).score for fold in folds]
        return float(np.mean(np.array(scores, dtype=float)))

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    default = type(optuna.create_study(direction="maximize").sampler)
    study = optuna.create_study(direction="maximize", sampler=default(seed=seed))
    study.optimize(objective, n_trials=TRIALS)
    return float(study.best_value)


def ours(problem: Problem, seed: int, sampler: str = "auto") -> SearchResult:
    """Return our result."""
    config = SearchConfig(
        TrainingConfig("bench.csv"),
        method="bayesian",
        param_grid=SPACE,
        n_iter=TRIALS,
        random_state=seed,
        sampler=sampler,
    )
    return search(problem, config)


def quality(table: str = "breast_cancer") -> dict[str, Any]:
    """Compare the best scores, seed by seed; the medians are quoted."""
    problem = problem_of(table)
    found: dict[str, list[float]] = {"optuna": [], "auto": [], "gp": []}
    used = set()
    for seed in SEEDS:
        found["optuna"].append(theirs(problem, seed))
        for sampler in ("auto", "gp"):
            result = ours(problem, seed, sampler)
            found[sampler].append(float(result.best_score or 0.0))
            used.add(f"{sampler}: {result.sampler}")
    medians = {name: statistics.median(scores) for name, scores in found.items()}
    return {
        "table": table,
        "trials": TRIALS,
        "median_best": medians,
        "best": found,
        "samplers": sorted(used),
        "met": medians["auto"] >= medians["optuna"],
    }


def overhead(sampler: str = "auto") -> dict[str, Any]:
    """Measure what is not the fits, by trials that cost next to nothing."""
    X = np.repeat([[0.0], [1.0]], 20, axis=0)
    problem = Problem.from_arrays(X, np.arange(40) > 19, model_type="random_forest", cv_folds=2)
    each = []
    for seed in range(3):
        begun = time.perf_counter()
        config = SearchConfig(
            TrainingConfig("bench.csv"), method="bayesian", n_iter=TRIALS, random_state=seed,
            sampler=sampler, processes=1,
            param_grid={**SPACE, "n_estimators": {"low": 1, "high": 3}},
        )  # fmt: skip
        result = search(problem, config)
        fits = sum(trial.duration for trial in result.trials)
        each.append((time.perf_counter() - begun - fits) / len(result.trials) * 1000)
    worst = statistics.median(each)
    return {
        "milliseconds_a_trial": round(worst, 2),
        "limit": OVERHEAD_LIMIT_MS,
        "met": worst < OVERHEAD_LIMIT_MS,
    }


def run() -> dict[str, Any]:
    """Return all of it."""
    return {"quality": quality(), "overhead": overhead(), "overhead_gp": overhead("gp")}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
