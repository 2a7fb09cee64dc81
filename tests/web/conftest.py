"""What the tests of the pages share: rows to look at, and clients in the name of each role."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from modelwright.core.clock import now
from modelwright.core.models import counter_next
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import ENDED, Status
from tests.people import person, quick

RESULTS: dict[str, Any] = {
    "task": "classification",
    "accuracy": 0.95,
    "precision": 0.951,
    "recall": 0.95,
    "f1_score": 0.9502,
    "training_duration_seconds": 0.25,
    "total_samples": 357,
    "train_samples": 285,
    "test_samples": 72,
    "hyperparameters": {"n_estimators": 300, "max_depth": None, "class_weight": "balanced"},
    "requested_hyperparameters": {"n_estimators": 300},
    "confusion_matrix": {"labels": ["HIGH", "LOW"], "matrix": [[40, 2], [1, 29]]},
    "per_class_metrics": {
        "HIGH": {"precision": 0.98, "recall": 0.95, "f1_score": 0.96, "support": 42},
        "LOW": {"precision": 0.94, "recall": 0.97, "f1_score": 0.95, "support": 30},
    },
    "feature_importance": {"trend_score": 0.6, "skill_name": 0.4},
}


@pytest.fixture
def make_run(db: None) -> Callable[..., TrainingRun]:
    """Return a function that writes a run in any state."""

    def make(**fields: Any) -> TrainingRun:
        number = counter_next("training_run")
        status = fields.get("status", Status.COMPLETED)
        values: dict[str, Any] = {
            "number": number,
            "status": status,
            "subject": "future_skills:data" if status in ENDED else f"open-{number}",
            "model_type": "random_forest",
            "preset": "future_skills",
            "model_version": f"v{number}",
            "dataset_path": "artifacts/datasets/data.csv",
            "target_column": "future_need_level",
        }
        if status != Status.PENDING:
            values["started_at"] = now() - dt.timedelta(seconds=2)
        if status in ENDED:
            values["finished_at"] = now()
        if status == Status.COMPLETED:
            values |= RESULTS
        return TrainingRun.objects.create(**{**values, **fields})

    return make


@pytest.fixture
def as_person(db: None) -> Callable[[str], Client]:
    """Return a function that gives a browser of one of PEOPLE, which checks CSRF not."""

    def sign_in(name: str) -> Client:
        client = quick(Client())
        if name != "anonymous":
            client.force_login(person(name), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def viewer(as_person: Callable[[str], Client]) -> Client:
    """Return the browser of somebody who may look."""
    return as_person("viewer")


@pytest.fixture
def trainer(as_person: Callable[[str], Client]) -> Client:
    """Return the browser of somebody who may train."""
    return as_person("trainer")
