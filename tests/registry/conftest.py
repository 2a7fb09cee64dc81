"""Versions without their trainings: rows and files as a completing run leaves them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from modelwright.core.clock import now
from modelwright.core.models import counter_next
from modelwright.engine.files import write_atomic
from modelwright.registry.models import ModelVersion
from modelwright.registry.services import version_create_from_run
from modelwright.runs.models import TrainingRun
from modelwright.runs.training_kind import ARTIFACT_NAME, MACHINE_ARTIFACT_NAME

MakeVersion = Callable[..., ModelVersion]


@pytest.fixture
def make_version(db: None, tmp_path: Path) -> MakeVersion:
    """Return a function that completes a run of a subject and returns its version."""

    def make(subject: str = "future_skills:table.csv", **fields: Any) -> ModelVersion:
        number = counter_next("training_run")
        run = TrainingRun.objects.create(
            number=number,
            subject=subject,
            status="completed",
            finished_at=now(),
            model_version=f"v{number}",
            target_column="target",
            **{"dataset_path": "table.csv", "model_type": "random_forest", **fields},
        )
        name = MACHINE_ARTIFACT_NAME if "machine" in fields else ARTIFACT_NAME
        info = write_atomic(tmp_path / name, f"model {number}".encode())
        result = {"artifact": {"sha256": info.sha256, "size_bytes": info.size_bytes}}
        with transaction.atomic():  # as the end of a run does
            version_create_from_run(run, result, tmp_path)
        return ModelVersion.objects.get(run=run)

    return make
