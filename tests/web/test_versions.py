"""The page of one version: what it is, where it comes from, what it is called."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from modelwright.registry.models import ModelVersion, Subject
from tests.registry.conftest import MakeVersion, make_version

__all__ = ["make_version"]
AsPerson = Callable[[str], Client]


@pytest.fixture
def versions(make_version: MakeVersion) -> list[ModelVersion]:
    more = {
        "metrics": {"accuracy": 0.91, "training_duration_seconds": 1.0},
        "environment": {"python": "3.11.9", "modelwright": "1.0"},
        "dataset_sha256": "ab" * 32,
    }
    return [make_version(**more), make_version(**more, tuning_run_id=uuid.uuid4())]


@pytest.fixture
def url(versions: list[ModelVersion]) -> str:
    return f"/ui/registry/{Subject.objects.get().slug}/versions/"


def test_the_card_says_where_a_version_comes_from(url: str, viewer: Client) -> None:
    text = viewer.get(f"{url}2").content.decode()
    assert "ab" * 32 in text
    assert "python 3.11.9" in text
    assert 'data-metric="accuracy"' in text
    assert "(deleted)" in text  # its search is gone
    assert f'href="{url}1"' in text  # its parent
    assert "Promote it" not in text
    assert viewer.get(f"{url}9").status_code == 404


def test_names_tags_and_notes_by_form(url: str, as_person: AsPerson) -> None:
    trainer = as_person("trainer")
    trainer.post(f"{url}1/alias", {"name": "calm", "do": "set"})
    trainer.post(f"{url}1/notes", {"tags": "a, b,, a", "notes": "It hums."})
    text = trainer.get(f"{url}1").content.decode()
    assert "It hums." in text
    assert "#a" in text
    assert "Take it away" in text
    assert "Promote it" in text
    assert ModelVersion.objects.get(number=1).tags == ["a", "b"]
    trainer.post(f"{url}1/alias", {"name": "calm", "do": "remove"})
    assert "Take it away" not in trainer.get(f"{url}1").content.decode()


def test_what_is_wrong_is_said_and_nothing_changes(url: str, as_person: AsPerson) -> None:
    trainer = as_person("trainer")
    answer = trainer.post(f"{url}1/alias", {"name": "7", "do": "set"}, follow=True)
    assert "small letter" in answer.content.decode()
    answer = trainer.post(f"{url}1/notes", {"tags": "x" * 51, "notes": "n"}, follow=True)
    assert "At most 20 tags" in answer.content.decode()
    assert ModelVersion.objects.get(number=1).notes == ""


def test_retention_is_shown_first_and_done_by_form(
    url: str,
    versions: list[ModelVersion],
    as_person: AsPerson,
    django_capture_on_commit_callbacks: Any,
) -> None:
    slug = Subject.objects.get().slug
    own = f"/ui/registry/{slug}/retention"
    rule = {"keep_newest": "1", "keep_days": "0", "keep_champions": "0", "do": "save"}
    assert as_person("trainer").post(f"{own}/change", rule).status_code == 403  # the shared pool's
    admin = as_person("admin")
    assert "none: all is kept" in admin.get(own).content.decode()
    admin.post("/ui/retention/save", rule)
    assert admin.post("/ui/retention/save", {**rule, "keep_newest": "x"}).status_code == 422
    assert f'data-frees="{versions[0].size_bytes}"' in admin.get("/ui/retention").content.decode()
    assert "may be deleted</strong>" in admin.get(own).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        said = admin.post(f"{own}/change", {"do": "delete", "version": ["1", "2"]}, follow=True)
    assert "1 file deleted" in said.content.decode()
    assert "Version 2 is kept" in said.content.decode()
    assert "Its file was deleted" in admin.get(f"{url}1").content.decode()
    admin.post("/ui/retention/save", {"do": "drop"})
    assert "none: all is kept" in admin.get("/ui/retention").content.decode()


def test_a_version_is_exported_and_imported_by_form(
    url: str, versions: list[ModelVersion], as_person: AsPerson
) -> None:
    trainer = as_person("trainer")
    answer = trainer.get(f"{url}2/export")
    whole = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert whole.startswith(b"manifest.json")
    take = "/ui/import/version"
    assert "MODELWRIGHT_TRUSTED_SIGNERS" in trainer.get(take).content.decode()
    file = SimpleUploadedFile("v2.modelwright", whole)
    done = trainer.post(take, {"file": file, "subject": "", "machine": ""}, follow=True)
    assert "is here already" in done.content.decode()
    wrong = trainer.post(take, {"file": SimpleUploadedFile("x.modelwright", b"PK")})
    assert wrong.status_code == 422
    assert "Nothing is imported" in wrong.content.decode()
    assert trainer.post(take).status_code == 422


def test_a_run_without_its_version_is_shown_without_a_file(
    versions: list[ModelVersion], viewer: Client
) -> None:
    run = versions[0].run
    url = f"/ui/runs/{run.number}"
    assert f"{url}/model" in viewer.get(url).content.decode()
    versions[0].delete()
    answer = viewer.get(url)
    assert answer.status_code == 200
    assert f"{url}/model" not in answer.content.decode()


def test_lists_that_a_model_says_of_itself_are_tables(
    make_version: MakeVersion, viewer: Client
) -> None:
    terms = [{"name": "base load", "value": 13.6}, {"name": "heat", "value": 0.25}]
    make_version(description={"unit": "kWh", "coefficients": terms, "drivers": []})
    text = viewer.get(f"/ui/registry/{Subject.objects.get().slug}/versions/1").content.decode()
    assert '<th scope="col">value</th>' in text
    assert '<th scope="row">base load</th><td>13.6</td>' in text
    assert "<dt>drivers</dt><dd>none</dd>" in text
