"""The benchmarks of searches as parts of the page: exact grids, bayesian search, two workers."""

import statistics
from typing import Any

from bench import bayesian, search, workers
from bench.page import Row

TITLES = {
    "skills": "357 rows of words and numbers",
    "breast_cancer": "breast_cancer",
    "digits": "digits",
    "mixed": "10,000 x 30 mixed",
}


def grids() -> tuple[Any, list[Row]]:
    """Measure the grids against scikit-learn's."""
    found = search.run()
    return found, [
        Row(
            f"Grid of 36, {TITLES[name]}: {grid['equal_scores']} of {grid['scores']} fold scores"
            " equal",
            f"{grid['modelwright_seconds']:.2f} s",
            f"{grid['grid_search_cv_seconds']:.2f} s",
            f"1/{grid['ratio']:.1f}",
            f"1/{grid['target_ratio']}",
            grid["met"],
        )
        for name, grid in found.items()
    ]


def bayesian_search() -> tuple[Any, list[Row]]:
    """Measure thirty trials against Optuna's own."""
    found = bayesian.run()
    quality, cost = found["quality"], found["overhead"]
    best = quality["median_best"]
    return found, [
        Row(
            f"Bayesian, {quality['trials']} trials, best score (with gp {best['gp']:.4f})",
            f"{best['auto']:.4f}",
            f"{best['optuna']:.4f}",
            goal="as Optuna",
            met=quality["met"],
        ),
        Row(
            "Bayesian, overhead of a trial",
            f"{cost['milliseconds_a_trial']:.1f} ms",
            goal=f"{cost['limit']:.0f} ms",
            met=cost["met"],
        ),
    ]


def two_workers() -> tuple[Any, list[Row]]:
    """Measure two workers against one."""
    found = workers.run()
    if found is None:
        return None, [Row("Two workers against one", "not measured: no PostgreSQL or Redis")]
    two, one = (
        statistics.median(found[f"{name}_seconds"]) for name in ("two_workers", "one_worker")
    )
    return found, [
        Row(
            f"Two workers against one, {found['combinations']} combinations",
            f"{two:.1f} s",
            f"{one:.1f} s",
            f"1/{found['speed_up']:.2f}",
            f"1/{found['goal']}",
            found["met"],
        )
    ]
