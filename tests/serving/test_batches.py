"""Predictions for whole data sets: one line for each row, for those who may have them."""

import csv
import hashlib
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages

from modelwright.catalog.models import DataSet
from modelwright.catalog.services import dataset_register_path
from modelwright.core.clock import now
from modelwright.registry.models import ModelVersion
from modelwright.runs.executor import run_here
from modelwright.serving import batch_work
from modelwright.serving.batch_models import BatchPrediction
from modelwright.serving.batches import versions_in_batches
from modelwright.serving.models import Prediction
from tests.people import person, rest
from tests.serving.conftest import TrainVersion
from tests.serving.test_predict import pipeline

URL = "/api/v1/models/future-skills/batches/"
ROWS = 120


@pytest.fixture(autouse=True)
def _silent_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.runs.jobs.ring", lambda _queue: None)
    monkeypatch.setattr(batch_work, "ROWS_AT_ONCE", 50)


def dataset(owner: str = "trainer", **changes: Any) -> DataSet:
    """Register some rows of the sample, with a key; `changes` are set in row 70."""
    frame = pd.read_csv(Path(settings.DATA_ROOT) / settings.SAMPLE_DATASET).head(ROWS)
    frame.insert(0, "employee", [f"e{i}" for i in range(ROWS)])
    for name, value in changes.items():
        frame[name] = frame[name].astype(object)
        frame.loc[69, name] = value
    path = "artifacts/datasets/rows.csv"
    frame.to_csv(Path(settings.DATA_ROOT) / path, index=False)
    return dataset_register_path(path=path, user=person(owner), name="Rows")


def submit(rows: DataSet, who: str = "trainer", **body: Any) -> Any:
    return rest(who).post(URL, {"dataset_id": str(rows.pk), **body})


def run(answer: Any) -> dict[str, Any]:
    """Have a worker do it, and return what REST says then."""
    assert answer.status_code == 202, answer.content
    run_here(BatchPrediction.objects.get(pk=answer.json()["id"]))
    found: dict[str, Any] = rest("viewer").get(f"/api/v1/batches/{answer.json()['id']}/").json()
    return found


def file_of(batch: dict[str, Any], who: str = "trainer") -> Any:
    return rest(who).get(f"/api/v1/batches/{batch['id']}/file/")


def test_every_row_is_answered_with_the_numbers_of_scikit_learn(
    train_version: TrainVersion,
) -> None:
    version = train_version(n_estimators=15)
    rows = dataset()
    asked = submit(rows, key_column="employee")
    assert (asked.json()["status"], asked.json()["rows"]) == ("pending", None)
    batch = run(asked)
    assert (batch["status"], batch["error"]) == ("completed", "")
    assert (batch["rows"], batch["version"], batch["by"]) == (ROWS, 1, "trainer")
    content = b"".join(file_of(batch))
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (
        batch["sha256"],
        batch["size_bytes"],
    )
    lines = list(csv.DictReader(io.StringIO(content.decode())))
    frame = pd.read_csv(Path(settings.DATA_ROOT) / rows.path)
    model = pipeline(version)
    assert [line["prediction"] for line in lines] == model.predict(frame).tolist()
    shares = [[float(line[f"probability_{c}"]) for c in model.classes_] for line in lines]
    assert shares == model.predict_proba(frame).tolist()
    assert [line["row"] for line in lines] == [str(i + 1) for i in range(ROWS)]
    assert lines[7]["employee"] == "e7"
    assert {line["version"] for line in lines} == {"1"}
    assert not Prediction.objects.exists()
    listed = rest("viewer").get(URL).json()["results"]
    assert [one["id"] for one in listed] == [batch["id"]]


def test_answers_are_kept_where_asked_and_once(
    train_version: TrainVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_version()
    asked = submit(dataset(), key_column="employee", log=True)
    with monkeypatch.context() as killed:  # a worker that dies before it says how the job ended
        killed.setattr("modelwright.runs.executor._settle", lambda *_: None)
        assert run(asked)["status"] == "running"
    assert Prediction.objects.count() == ROWS
    BatchPrediction.objects.update(status="pending")  # as the sweep does: begun anew, all rows
    batch = run(asked)
    assert batch["status"] == "completed", batch
    assert Prediction.objects.count() == ROWS
    kept = Prediction.objects.get(key="e69")
    assert kept.inputs is not None
    assert (kept.version_number, len(kept.inputs)) == (1, 11)
    lines = list(csv.DictReader(io.StringIO(file_of(batch).getvalue().decode())))
    assert kept.label == lines[69]["prediction"]


def test_a_row_that_does_not_fit_is_named_and_no_file_is_left(train_version: TrainVersion) -> None:
    train_version()
    batch = run(submit(dataset(trend_score=None)))
    assert batch["status"] == "failed"
    assert "Counting from row 51" in batch["error"]
    assert "'trend_score' is empty in row 20" in batch["error"]
    assert file_of(batch).status_code == 404
    left = Path(settings.DATA_ROOT) / settings.PREDICTIONS_PREFIX
    assert not list(left.glob(f"{batch['id']}*"))


def test_a_version_whose_file_was_changed_answers_nothing(train_version: TrainVersion) -> None:
    version = train_version()
    asked = submit(dataset())
    path = Path(settings.DATA_ROOT) / version.artifact_path
    path.write_bytes(path.read_bytes() + b"x")
    batch = run(asked)
    assert batch["status"] == "failed"
    assert not batch["sha256"]


def test_what_does_not_fit_is_said_at_once(train_version: TrainVersion) -> None:
    train_version()
    rows = dataset()
    answer = submit(rows, key_column="nonsense")
    assert (answer.status_code, "'nonsense'" in answer.json()["detail"]) == (422, True)
    assert submit(rows, version="9").status_code == 404
    DataSet.objects.update(columns=[{"name": "skill_name"}])
    answer = submit(rows)
    assert (answer.status_code, "no column" in answer.json()["detail"]) == (422, True)
    assert not BatchPrediction.objects.exists()


def test_who_may(train_version: TrainVersion) -> None:
    train_version()
    rows = dataset()
    assert submit(rows, "viewer").status_code == 403
    assert submit(rows, "anonymous").status_code == 401
    batch = run(submit(rows))
    assert file_of(batch).status_code == 200
    assert file_of(batch, "admin").status_code == 200
    assert file_of(batch, "viewer").status_code == 403  # the keys are of somebody else's data set
    assert file_of(batch, "stranger").status_code == 403
    DataSet.objects.update(owner=person("admin"))
    assert submit(rows).status_code == 403


def test_a_version_that_has_to_answer_keeps_its_file(train_version: TrainVersion) -> None:
    version = train_version()
    asked = submit(dataset())
    assert versions_in_batches([version.pk]).keys() == {version.pk}
    run(asked)
    assert not versions_in_batches([version.pk])
    ModelVersion.objects.update(removed_at=now())
    assert submit(DataSet.objects.get(), version="1").status_code == 404


def test_a_file_goes_to_the_store_and_comes_from_there(
    train_version: TrainVersion, settings: Any, tmp_path: Path
) -> None:
    store = FileSystemStorage(location=tmp_path / "store")
    train_version()
    rows = dataset()
    settings.STORAGE_URL = "s3://models"
    settings.STORAGES = {**settings.STORAGES, "artifacts": {"BACKEND": "unused"}}
    storages._storages["artifacts"] = store  # type: ignore[attr-defined]
    batch = run(submit(rows))
    assert (batch["status"], batch["error"]) == ("completed", "")
    path = f"{settings.PREDICTIONS_PREFIX}/{batch['id']}.csv"
    assert store.exists(path)
    (Path(settings.DATA_ROOT) / path).unlink()  # as on another machine
    content = b"".join(file_of(batch))
    assert hashlib.sha256(content).hexdigest() == batch["sha256"]


def test_a_training_may_not_name_the_file_of_a_batch(train_version: TrainVersion) -> None:
    train_version()
    batch = run(submit(dataset()))
    path = f"{settings.PREDICTIONS_PREFIX}/{batch['id']}.csv"
    answer = rest("trainer").post("/api/training/train/", {"dataset_path": path})
    assert answer.status_code in (400, 422), answer.content


def test_a_batch_is_cancelled_once(train_version: TrainVersion) -> None:
    train_version()
    batch = submit(dataset()).json()
    cancel = f"/api/v1/batches/{batch['id']}/cancel/"
    assert rest("viewer").post(cancel).status_code == 403
    assert rest("trainer").post(cancel).json()["status"] == "cancelled"
    assert rest("trainer").post(cancel).status_code == 409
    assert file_of(batch).status_code == 404
