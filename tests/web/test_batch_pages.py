"""Pages of predictions for whole data sets: the list, starting one, watching it, its file."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from modelwright.catalog.models import Experiment
from modelwright.registry.models import ModelVersion, Subject
from modelwright.runs.executor import run_here
from modelwright.serving.batch_models import BatchPrediction
from tests.people import person
from tests.serving.conftest import TrainVersion, train_version
from tests.serving.test_batches import ROWS, dataset
from tests.web.test_loop_pages import page

__all__ = ["train_version"]

AsPerson = Callable[[str], Client]
LIST = "/ui/predictions"
NEW = f"{LIST}/new?model=future-skills"


@pytest.fixture(autouse=True)
def _silent_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.runs.jobs.ring", lambda _queue: None)


@pytest.fixture
def version(train_version: TrainVersion) -> ModelVersion:
    return train_version()


def ask(client: Client, **more: str) -> BatchPrediction:
    answer = client.post(NEW, {"dataset": str(dataset().pk), "key_column": "employee", **more})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return BatchPrediction.objects.get(pk=answer["Location"].rpartition("/")[2])


def test_before_the_first_there_is_a_way_to_it(transactional_db: None, as_person: AsPerson) -> None:
    assert "Predict a data set" in page(as_person("trainer"), LIST)
    assert "Predict a data set" not in page(as_person("viewer"), LIST)
    assert "No model yet" in page(as_person("trainer"), f"{LIST}/new")
    assert as_person("viewer").get(f"{LIST}/new").status_code == 403
    assert as_person("trainer").get(f"{LIST}/new?model=none").status_code == 404


def test_a_data_set_is_answered_watched_and_downloaded(
    version: ModelVersion, as_person: AsPerson
) -> None:
    trainer, viewer = as_person("trainer"), as_person("viewer")
    assert "Future" in page(trainer, f"{LIST}/new")
    assert "No data set yet" in page(trainer, NEW)
    batch = ask(trainer, version="1", log="yes")
    form = page(trainer, NEW)
    assert '<option value="employee">' in form
    assert '<option value="trend_score">' not in form
    assert (batch.version_number, batch.key_column, batch.is_logged) == (1, "employee", True)
    url = f"{LIST}/{batch.pk}"
    text = page(viewer, url)
    assert "Waiting for a free worker" in text
    assert 'hx-trigger="every 1s"' in text
    assert f'hx-get="{url}/row"' in page(viewer, LIST)
    going: dict[str, Any] = {"status": "running", "progress_percent": 41.7}
    BatchPrediction.objects.update(**going, progress_message="50 of 120 rows")
    assert "42 %" in page(viewer, LIST)
    assert "50 of 120 rows" in page(viewer, url, headers={"HX-Request": "true"})
    BatchPrediction.objects.update(status="pending")
    run_here(batch)
    text = page(trainer, url)
    assert "hx-trigger" not in text.partition('id="batch"')[2]
    assert f"{ROWS}" in text
    file = trainer.get(f"{url}/file")
    content = b"".join(file)
    batch.refresh_from_db()
    assert hashlib.sha256(content).hexdigest() == batch.sha256
    assert (file["Content-Type"], file["Content-Length"]) == ("text/csv", str(len(content)))
    assert "hx-get" not in page(viewer, f"{url}/row")
    assert "Rows" in page(viewer, f"/ui/registry/{batch.subject.slug}")
    assert "/file" not in page(viewer, url)  # the keys are of somebody else's data set
    assert viewer.get(f"{url}/file").status_code == 403


def test_what_does_not_fit_is_said_beside_what_was_filled_in(
    version: ModelVersion, as_person: AsPerson
) -> None:
    trainer = as_person("trainer")
    rows = dataset()
    answer = trainer.post(NEW, {"dataset": str(rows.pk), "key_column": "<nonsense>"})
    text = answer.content.decode()
    assert (answer.status_code, "no column" in text) == (422, True)
    assert 'value="&lt;nonsense&gt;"' in text
    for wrong in ({"dataset": ""}, {"dataset": "x"}, {"dataset": str(rows.pk), "version": "9"}):
        assert trainer.post(NEW, wrong).status_code == 422, wrong
    assert trainer.post(f"{LIST}/new", {"dataset": str(rows.pk)}).status_code == 422
    rows.owner = person("admin")
    rows.save()
    assert trainer.post(NEW, {"dataset": str(rows.pk)}).status_code == 422
    assert not BatchPrediction.objects.exists()


def test_a_batch_is_cancelled_and_its_failure_is_explained(
    version: ModelVersion, as_person: AsPerson
) -> None:
    trainer = as_person("trainer")
    batch = ask(trainer)
    assert as_person("viewer").post(f"{LIST}/{batch.pk}/cancel").status_code == 403
    cancelled = trainer.post(f"{LIST}/{batch.pk}/cancel", follow=True).content.decode()
    assert "It is cancelled" in cancelled
    assert "already ended" in trainer.post(
        f"{LIST}/{batch.pk}/cancel", follow=True
    ).content.decode()  # fmt: skip
    assert trainer.get(f"{LIST}/{batch.pk}/file").status_code == 404
    rows = dataset(trend_score=None)
    failed = BatchPrediction.objects.get(
        pk=trainer.post(NEW, {"dataset": str(rows.pk)})["Location"].rpartition("/")[2]
    )
    run_here(failed)
    assert "&#x27;trend_score&#x27; is empty" in page(trainer, f"{LIST}/{failed.pk}")
    assert "Cancelled" in page(trainer, f"{LIST}?status=cancelled")
    assert "Nothing fits" in page(trainer, f"{LIST}?status=completed")
    assert page(trainer, f"{LIST}?search=row&model=future-skills").count("data-row") == 2


def test_the_file_is_deleted_by_who_asked_for_it(
    version: ModelVersion, as_person: AsPerson
) -> None:
    batch = ask(as_person("trainer"))
    run_here(batch)
    url = f"{LIST}/{batch.pk}"
    assert "Delete the file" in page(as_person("trainer"), url)
    assert as_person("viewer").post(f"{url}/file/delete").status_code == 403
    done = as_person("trainer").post(f"{url}/file/delete", follow=True).content.decode()
    assert "The file was deleted on" in done
    assert f'href="{url}/file"' not in done
    assert "was deleted on" in as_person("trainer").post(
        f"{url}/file/delete", follow=True
    ).content.decode()  # fmt: skip
    assert as_person("trainer").get(f"{url}/file").status_code == 404


def test_batches_of_somebody_else_s_experiment_are_closed(
    version: ModelVersion, as_person: AsPerson
) -> None:
    batch = ask(as_person("trainer"))
    theirs = Experiment.objects.create(
        owner=person("admin"), name="Theirs", dataset=batch.dataset, target_column="x",
        task="classification",
    )  # fmt: skip
    Subject.objects.update(experiment=theirs)
    BatchPrediction.objects.update(dataset_name="Their people")
    trainer = as_person("trainer")
    assert "Their people" not in page(trainer, LIST)
    for path in ("", "/row", "/file"):
        assert trainer.get(f"{LIST}/{batch.pk}{path}").status_code == 403, path
    for path in ("/cancel", "/file/delete"):
        assert trainer.post(f"{LIST}/{batch.pk}{path}").status_code == 403, path
    assert "Their people" in page(as_person("admin"), LIST)
    theirs.shares.create(user=person("trainer"), level="viewer")
    assert "Cancel" not in page(trainer, f"{LIST}/{batch.pk}").partition("</header>")[0]
