"""What the tests of jobs share: users, pending runs, and a ring that stays silent."""

from collections.abc import Callable

import pytest

from modelwright.accounts.models import User
from modelwright.core.models import counter_next
from modelwright.runs.models import TrainingRun


@pytest.fixture(autouse=True)
def silent_bell(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the rings; these tests call the workers themselves."""
    rung: list[str] = []
    for room in ("jobs", "sweep"):
        monkeypatch.setattr(f"modelwright.runs.{room}.ring", rung.append)
    return rung


@pytest.fixture
def make_run(db: None) -> Callable[..., TrainingRun]:
    """Return a function that writes a pending run of a subject of its own."""

    def make(**fields: object) -> TrainingRun:
        number = counter_next("training_run")
        defaults: dict[str, object] = {
            "number": number,
            "subject": f"subject-{number}",
            "model_type": "random_forest",
            "preset": "future_skills",
            "model_version": f"v{number}",
            "dataset_path": "artifacts/datasets/future_skills_dataset.csv",
            "target_column": "future_need_level",
        }
        return TrainingRun.objects.create(**{**defaults, **fields})

    return make


@pytest.fixture
def users(db: None) -> list[User]:
    """Return three users."""
    return [User.objects.create_user(name) for name in ("ann", "bob", "cem")]
