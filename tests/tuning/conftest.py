"""What the tests of searches share: a completed model run on the sample data, and workers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from modelwright.accounts.models import User
from modelwright.core.clock import now
from modelwright.core.models import counter_next
from modelwright.engine.samples import write_future_skills_csv
from modelwright.runs.executor import execute
from modelwright.runs.jobs import job_claim
from modelwright.runs.models import TrainingRun
from modelwright.runs.names import worker_name
from modelwright.tuning.models import TuningRun
from modelwright.tuning.services import TuningRequest, tuning_submit

SMALL_GRID = {"n_estimators": [5, 10], "max_depth": [2, None]}
Start = Callable[..., TuningRun]


@pytest.fixture(autouse=True)
def silent_bell(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the rings; these tests call the workers themselves."""
    rung: list[str] = []
    for room in ("jobs", "sweep"):
        monkeypatch.setattr(f"modelwright.runs.{room}.ring", rung.append)
    return rung


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def model_run(db: None, user: User) -> TrainingRun:
    """Return a completed run on the sample data."""
    path = Path(settings.DATA_ROOT) / settings.SAMPLE_DATASET
    path.parent.mkdir(parents=True, exist_ok=True)
    write_future_skills_csv(path)
    number = counter_next("training_run")
    return TrainingRun.objects.create(
        number=number,
        subject=f"subject-{number}",
        status="completed",
        model_type="random_forest",
        preset="future_skills",
        task="classification",
        model_version=f"v{number}",
        dataset_path=settings.SAMPLE_DATASET,
        target_column="future_need_level",
        finished_at=now(),
        user=user,
    )


@pytest.fixture
def start(model_run: TrainingRun, user: User) -> Start:
    """Return a function that submits a search."""

    def submit(**fields: Any) -> TuningRun:
        parent = fields.pop("parent", None)
        defaults: dict[str, Any] = {
            "tuning_method": "grid_search",
            "param_grid": SMALL_GRID,
            "cv_folds": 3,
        }
        request = TuningRequest(**{**defaults, **fields})
        return tuning_submit(request=request, model_run=model_run, user=user, parent=parent)

    return submit


def work_one(queue: str = "tuning") -> bool:
    """Do the best pending piece of work; False where nothing is pending."""
    claim = job_claim(queue=queue, worker=worker_name())
    if claim is None:
        return False
    execute(claim)
    return True


def work_all(queue: str = "tuning") -> int:
    """Do all pending pieces and return how many they were."""
    done = 0
    while work_one(queue):
        done += 1
    return done
