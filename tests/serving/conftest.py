"""Real models in a real host process, without a worker."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from modelwright.engine.samples import write_future_skills_csv
from modelwright.registry.models import ModelVersion, Subject
from modelwright.runs.executor import run_here
from modelwright.runs.services import TrainingRequest, training_submit

TrainVersion = Callable[..., ModelVersion]
ROW = {
    "job_role_name": "Data Engineer",
    "skill_name": "Python",
    "skill_category": "Technical",
    "job_department": "IT",
    "trend_score": 0.9,
    "internal_usage": 0.4,
    "scarcity_index": 0.7,
    "hiring_difficulty": 0.6,
    "economic_indicator": 0.5,
    "training_requests": 12,
    "avg_salary_k": 55.0,
}


@pytest.fixture
def train_version(transactional_db: None) -> TrainVersion:
    """Return a function that really trains a small forest on the sample data."""
    path = Path(settings.DATA_ROOT) / settings.SAMPLE_DATASET
    path.parent.mkdir(parents=True, exist_ok=True)
    write_future_skills_csv(path)

    def train(**hyperparameters: Any) -> ModelVersion:
        request = TrainingRequest(
            dataset_path=settings.SAMPLE_DATASET,
            hyperparameters={"n_estimators": 5, **hyperparameters},
        )
        run = run_here(training_submit(request=request, user=None, ring=False))
        assert run.status == "completed", run.error_message
        return ModelVersion.objects.get(run=run)

    return train


def subject_of(version: ModelVersion) -> Subject:
    """Return a version's subject."""
    return Subject.objects.get(key=version.subject)
