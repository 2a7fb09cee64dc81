"""Comparing two versions: a worker asks both about the same rows."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from modelwright.catalog.models import Machine, Reading
from modelwright.core.clock import moment_of
from modelwright.registry.comparing import versions_in_comparisons
from modelwright.registry.models import Comparison, Subject
from modelwright.runs.executor import run_here
from tests.abtests.test_ab_tests import machine, read, train
from tests.people import person, quick, rest
from tests.serving.conftest import TrainVersion, train_version

__all__ = ["machine", "train_version"]


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    cache.clear()


def compare(a: int, b: int, who: str = "trainer", **more: Any) -> Any:
    slug = Subject.objects.get().slug
    return rest(who).post(
        f"/api/v1/subjects/{slug}/comparisons/", {"a": str(a), "b": str(b), **more}
    )


def done(answer: Any) -> Any:
    assert answer.status_code == 202, answer.content
    key = answer.json()["id"]
    job = run_here(Comparison.objects.get(pk=key))
    assert job.status == "completed", job.error_message
    return rest("viewer").get(f"/api/v1/comparisons/{key}/").json()


def test_two_versions_on_the_hold_out_of_the_newer_one(train_version: TrainVersion) -> None:
    first, second = train_version(), train_version()
    asked = compare(1, 2)
    assert versions_in_comparisons([first.pk, second.pk]).keys() == {first.pk, second.pk}
    found = done(asked)
    assert not versions_in_comparisons([first.pk])
    result = found["result"]
    assert (found["compared_on"], result["rows"]) == ("hold_out", second.run.test_samples)
    accuracy = next(one for one in result["metrics"] if one["name"] == "accuracy")
    assert accuracy["b"] == pytest.approx(second.run.accuracy)
    assert accuracy["better"] == "same"  # trained alike
    assert result["warnings"] == []
    page = _page(f"/ui/comparisons/{found['id']}")
    assert 'data-metric="accuracy"' in page
    assert "hx-trigger" not in page


def _page(url: str) -> str:
    client = quick(Client())
    client.force_login(person("viewer"), backend="django.contrib.auth.backends.ModelBackend")
    return client.get(url).content.decode()


def test_what_can_not_be_compared_is_said(train_version: TrainVersion) -> None:
    train_version(), train_version()
    assert compare(1, 1).status_code == 422
    assert compare(1, 9).status_code == 404
    assert compare(1, 2, start="2026-01-01T00:00:00Z").status_code == 422
    assert compare(1, 2, dataset_id="0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11").status_code == 404
    assert compare(1, 2, who="viewer").status_code == 403
    asked = compare(1, 2).json()
    cancelled = rest("trainer").post(f"/api/v1/comparisons/{asked['id']}/cancel/").json()
    assert cancelled["status"] == "cancelled"


def test_models_of_a_machine_on_readings_that_neither_has_seen(machine: Machine) -> None:
    read(machine, 0, 40)
    train(machine)
    read(machine, 40, 40, level=1.6)
    train(machine)
    machine.refresh_from_db()
    Machine.objects.filter(pk=machine.pk).update(last_reading_at=None)
    assert "no reading since" in compare(1, 2).json()["detail"]
    read(machine, 80, 30, level=1.6)
    newest = Reading.objects.filter(machine=machine).order_by("-at").values_list("at", flat=True)[0]
    Machine.objects.filter(pk=machine.pk).update(last_reading_at=moment_of(newest))
    result = done(compare(1, 2))["result"]
    assert result["rows"] == 30 * 24
    rmse = next(one for one in result["metrics"] if one["name"] == "rmse")
    assert rmse["better"] == "b"
    assert result["warnings"] == []
