"""Trainings started from Python are recorded like all others."""

from pathlib import Path
from typing import Any

import pytest

from modelwright.accounts.models import AuditEntry, User
from modelwright.core.errors import InvalidInputError
from modelwright.engine import ModelTrainer, load_artifact, write_future_skills_csv
from modelwright.engine.errors import DataLoadError
from modelwright.registry.models import ModelVersion
from modelwright.registry.services import artifact_key
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(settings: Any) -> Path:
    path = settings.DATA_ROOT / settings.SAMPLE_DATASET
    path.parent.mkdir(parents=True, exist_ok=True)
    write_future_skills_csv(path)
    return path


def test_a_training_from_python_becomes_a_run_and_a_version(
    dataset: Path, tmp_path: Path, settings: Any
) -> None:
    ann = User.objects.create_user("ann")
    trainer = ModelTrainer(dataset, test_split=0.2, random_state=42)
    trainer.load_data()
    metrics = trainer.train(n_estimators=10)
    trainer.save_model(tmp_path / "mine.pkl")
    run = trainer.save_training_run("from-python", user="ann", notes="by hand")
    assert isinstance(run, TrainingRun)
    run.refresh_from_db()
    assert (run.status, run.user, run.notes) == (Status.COMPLETED, ann, "by hand")
    assert run.accuracy == metrics["accuracy"]
    assert (run.total_samples, run.train_samples, run.test_samples) == (357, 285, 72)
    assert run.dataset_path == settings.SAMPLE_DATASET
    assert run.model_path == "artifacts/models/from-python.pkl"
    version = ModelVersion.objects.get(name="from-python")
    model = load_artifact(
        settings.DATA_ROOT / version.artifact_path,
        sha256=version.sha256,
        signature=version.signature,
        key=artifact_key(),
    )
    assert list(model.predict(trainer.X_test)) == list(trainer.model.predict(trainer.X_test))
    assert AuditEntry.objects.filter(object_id=str(run.pk), actor=ann).exists()


def test_a_training_that_failed_is_recorded_with_its_reason(tmp_path: Path) -> None:
    trainer = ModelTrainer(tmp_path / "missing.csv")
    with pytest.raises(DataLoadError) as error:
        trainer.load_data()
    run = trainer.save_failed_training_run("never-made", str(error.value))
    assert isinstance(run, TrainingRun)
    assert (run.status, run.accuracy, run.error_message) == (
        Status.FAILED,
        0.0,
        str(error.value),
    )
    assert not ModelVersion.objects.exists()


def test_a_name_that_is_taken_or_wrong_is_refused_and_nothing_is_recorded(
    dataset: Path, tmp_path: Path
) -> None:
    trainer = ModelTrainer(dataset)
    trainer.load_data()
    trainer.train(n_estimators=2)
    trainer.save_model(tmp_path / "m.pkl")
    trainer.save_training_run("mine")
    for name in ("mine", "../mine", ".hidden", "a b"):
        with pytest.raises(InvalidInputError):
            trainer.save_training_run(name)
    with pytest.raises(InvalidInputError, match="no user"):
        trainer.save_training_run("other", user="nobody")
    assert TrainingRun.objects.count() == 1
