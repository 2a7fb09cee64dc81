"""Rows of data sets, experiments, model runs and searches for the tests of their pages."""

from typing import Any

from modelwright.catalog.models import DataSet, Experiment, Share
from modelwright.core.clock import now
from modelwright.core.models import counter_next
from modelwright.runs.models import TrainingRun
from modelwright.tuning.models import TuningRun, TuningTrial
from tests.people import person
from tests.web.conftest import RESULTS

COLUMNS = [
    {"name": "age", "dtype": "int64", "missing": 2, "distinct": 40, "kind": "numeric", "note": "",
     "suggested_task": "regression"},
    {"name": "city", "dtype": "object", "missing": 0, "distinct": 3, "kind": "text", "note": "",
     "suggested_task": "classification"},
    {"name": "left", "dtype": "object", "missing": 0, "distinct": 2, "kind": "text", "note": "",
     "suggested_task": "classification"},
    {"name": "one", "dtype": "int64", "missing": 0, "distinct": 1, "kind": "numeric", "note": "",
     "suggested_task": "classification"},
]  # fmt: skip
PROFILE = {
    "row_count": 100, "column_count": 4, "missing_cells": 2, "duplicate_rows": 5,
    "constant_columns": ["one"], "empty_columns": [], "unusable_columns": [],
    "columns": {
        "age": {"min": 18, "median": 40, "max": 70, "frequent": [],
                "histogram": {"edges": [18, 35, 52, 70], "counts": [30, 50, 18]}},
        "city": {"frequent": [{"value": "Oslo", "count": 60}, {"value": "Bonn", "count": 40}],
                 "other": 0},
    },
}  # fmt: skip


def make_dataset(owner: str = "trainer", **fields: Any) -> DataSet:
    """Write a data set of 100 rows."""
    count = DataSet.objects.count()
    values: dict[str, Any] = {
        "owner": person(owner), "name": "People", "source": "people.csv",
        "path": f"artifacts/uploads/{count}.csv", "format": "csv", "sha256": f"{count:064d}",
        "size_bytes": 4096, "row_count": 100, "columns": COLUMNS, "profile": PROFILE,
        "preview": {"columns": ["age", "city", "left"], "rows": [[33, "Oslo", "yes"]]},
    }  # fmt: skip
    return DataSet.objects.create(**{**values, **fields})


def make_experiment(owner: str = "trainer", **fields: Any) -> Experiment:
    """Write an experiment on a data set of its owner."""
    if "dataset" not in fields:
        fields["dataset"] = make_dataset(owner)
    values = {"name": "Who leaves", "target_column": "left", "task": "classification"}
    return Experiment.objects.create(owner=person(owner), **{**values, **fields})


def make_model_run(experiment: Experiment, **fields: Any) -> TrainingRun:
    """Write a completed run of an experiment."""
    number = counter_next("training_run")
    values: dict[str, Any] = {
        "number": number, "subject": f"s{number}", "experiment": experiment,
        "status": "completed", "model_type": "random_forest", "model_version": f"v{number}",
        "dataset_path": experiment.dataset.path, "target_column": "left", "user": experiment.owner,
        **RESULTS,
    }  # fmt: skip
    values |= fields
    if values["status"] in ("completed", "failed", "cancelled"):
        values.setdefault("finished_at", now())
    return TrainingRun.objects.create(**values)


def make_search(run: TrainingRun, **fields: Any) -> TuningRun:
    """Write a completed search with four trials, one failed and one dropped."""
    values: dict[str, Any] = {
        "model_run": run, "tuning_method": "grid_search", "status": "running",
        "started_at": now(), "user": run.user,
        "config": {"param_grid": {"n_estimators": [10, 20], "max_depth": [3, None]},
                   "cv_folds": 2, "scoring_metric": "accuracy", "n_iter": 20, "random_state": 42,
                   "timeout_seconds": None, "early_stopping": False, "sampler": "auto"},
        "progress": {"current": 6, "total": 6, "percentage": 100.0, "best_score": 0.9},
    }  # fmt: skip
    values |= fields
    ended = values["status"] in ("completed", "cancelled")
    if ended:
        values |= {
            "completed_at": now(), "best_params": {"n_estimators": 20, "max_depth": 3},
            "results": {"best_score": 0.9, "tuning_time": 1.5, "ended": "finished", "tried": 6,
                        "timed_out": False, "notes": ["Fast."], "evaluator": "forest",
                        "scoring_metric": "accuracy", "cv_folds": 2,
                        "total_combinations": 6} | fields.get("results", {}),
        }  # fmt: skip
    search = TuningRun.objects.create(**values)
    scores = {0: (10, 3, 0.8), 1: (10, None, 0.7), 2: (20, 3, 0.9), 3: (20, None, 0.85)}
    for number, (trees, depth, mean) in scores.items():
        TuningTrial.objects.create(
            tuning_run=search, number=number, mean=mean, std=0.01, duration=0.2,
            params={"n_estimators": trees, "max_depth": depth}, status="complete",
            fold_scores=[mean - 0.01, mean + 0.01],
            recipe={"python": "head\nprint('the best')\n"},
        )  # fmt: skip
    for number, status, why in ((4, "failed", "No such penalty."), (5, "dropped", "Surely worse.")):
        TuningTrial.objects.create(
            tuning_run=search, number=number, params={"n_estimators": 30, "max_depth": number},
            status=status, error=why,
        )  # fmt: skip
    return search


def share(experiment: Experiment, name: str, level: str) -> None:
    """Share an experiment with somebody."""
    Share.objects.create(experiment=experiment, user=person(name), level=level)
