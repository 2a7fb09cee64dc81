"""Pages of a model whose champion's file is refused: what answers in its place, and the way out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from modelwright.catalog.models import Machine
from modelwright.monitoring.models import Alert
from modelwright.registry.models import ModelVersion
from modelwright.serving.hosting import host
from tests.abtests.test_ab_tests import machine, two_versions
from tests.people import rest
from tests.serving.conftest import ROW, TrainVersion, subject_of, train_version

__all__ = ["machine", "train_version"]

AsPerson = Callable[[str], Client]


def tamper(version: ModelVersion) -> None:
    path = Path(settings.DATA_ROOT) / version.artifact_path
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def answered(version: ModelVersion) -> int:
    """Return which version answers, asked of a process that has loaded none yet."""
    host.stop()
    answer = rest("viewer").post(f"/api/v1/models/{subject_of(version).slug}/predict", {"row": ROW})
    return int(answer.json()["version"]) if answer.status_code == 200 else 0


@pytest.fixture
def versions(train_version: TrainVersion) -> list[ModelVersion]:
    return [train_version(n_estimators=5 + i) for i in range(3)]


def test_a_refused_champion_is_called_that_with_who_answers_and_the_way_out(
    versions: list[ModelVersion], as_person: AsPerson
) -> None:
    viewer, trainer = as_person("viewer"), as_person("trainer")
    url = f"/ui/registry/{subject_of(versions[0]).slug}"
    tamper(versions[2]), tamper(versions[1])
    assert "<strong data-champion>3</strong> answers" in viewer.get(url).content.decode()
    assert answered(versions[0]) == 1
    alert = Alert.objects.get()
    text = trainer.get(url).content.decode()
    assert "<strong data-champion>3</strong> is refused, " in text
    assert "is refused: it is" in text
    assert "<strong data-answers>1</strong> answers in its place" in text
    assert f'href="/ui/alerts?type=file_refused#alert-{alert.pk}"' in text
    assert f'id="alert-{alert.pk}"' in viewer.get("/ui/alerts?type=file_refused").content.decode()
    assert "Roll back to version 1" in text
    assert '<option value="1" selected>' in text
    assert "Roll back to" not in viewer.get(url).content.decode()
    assert "is refused" in viewer.get(f"{url}/versions/3").content.decode()
    assert "answers in place of version 3" in viewer.get(f"{url}/versions/1").content.decode()
    for place in ("/ui/registry", "/ui/home"):
        assert "refused</span>" in viewer.get(place).content.decode()
    trainer.post(f"{url}/rollback", {"version": "1", "reason": "its file is broken"})
    text = viewer.get(url).content.decode()
    assert "<strong data-champion>1</strong> answers" in text
    assert "is refused: it is" not in text
    assert "refused" not in viewer.get("/ui/registry").content.decode()
    assert answered(versions[0]) == 1


def test_the_performance_of_a_machine_s_model_says_so_too(
    machine: Machine, as_person: AsPerson
) -> None:
    _, second = two_versions(machine)
    tamper(second)
    row = {"timestamp": "2025-03-25T12:00:00Z", "outdoor_temp_c": 12.0}
    url = f"/api/v1/models/{subject_of(second).slug}/predict"
    assert rest("viewer").post(url, {"row": row}).json()["version"] == 1
    url = f"/ui/model-performance?model_type=baseline&machine={machine.pk}"
    text = as_person("trainer").get(url).content.decode()
    assert "version 2 is refused, version 1 answers in its place" in text
    assert "answers meanwhile" not in text


def test_where_no_version_is_good_the_page_says_so(
    versions: list[ModelVersion], as_person: AsPerson
) -> None:
    for version in versions:
        tamper(version)
    assert answered(versions[0]) == 0
    text = as_person("trainer").get(f"/ui/registry/{subject_of(versions[0]).slug}").content.decode()
    assert "No version can answer" in text
    assert "Roll back to" not in text


def test_a_restored_file_is_believed_though_the_alert_is_open(
    versions: list[ModelVersion], as_person: AsPerson
) -> None:
    path = Path(settings.DATA_ROOT) / versions[2].artifact_path
    kept = path.read_bytes()
    tamper(versions[2])
    assert answered(versions[0]) == 2
    path.write_bytes(kept)
    assert answered(versions[0]) == 3
    text = as_person("viewer").get(f"/ui/registry/{subject_of(versions[0]).slug}").content.decode()
    assert "<strong data-champion>3</strong> answers" in text
