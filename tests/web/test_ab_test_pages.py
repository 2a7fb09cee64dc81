"""Pages of A/B tests: the list, one test, and the form that plans and starts one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from modelwright.abtests.models import ABTest
from modelwright.core.clock import now
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import champion_of
from modelwright.runs.models import TrainingRun
from modelwright.serving.models import Actual, Prediction
from modelwright.web.abtest_view import ab_figure
from modelwright.web.templatetags.ui import chance
from tests.registry.conftest import MakeVersion, make_version
from tests.web.test_loop_pages import page

__all__ = ["make_version"]

AsPerson = Callable[[str], Client]


@pytest.fixture
def subject(make_version: MakeVersion) -> Subject:
    make_version(), make_version()
    return Subject.objects.get()


def version(number: int) -> ModelVersion:
    return ModelVersion.objects.get(number=number)


def start(client: Client, subject: Subject, **more: str) -> Any:
    body = {"do": "start", "a": "2", "b": "1", "mode": "shadow", "test_name": "old <again>", **more}
    return client.post(f"/ui/registry/{subject.slug}/ab-test", body, follow=True)


def test_a_column_is_watched_value_by_value(subject: Subject, as_person: AsPerson) -> None:
    TrainingRun.objects.update(features_used=["site", "age"])
    trainer = as_person("trainer")
    form = page(trainer, f"/ui/registry/{subject.slug}/ab-test")
    assert '<option value="site">' in form
    more = {"segment_column": "site", "segment_tolerance": "0,1", "margin": "0.2"}
    assert "The test has begun" in start(trainer, subject, **more).content.decode()
    test = ABTest.objects.get()
    assert (test.segment_column, test.segment_tolerance) == ("site", 0.1)
    text = page(as_person("viewer"), f"/ui/ab-tests/{test.pk}")
    assert "By site" in text
    assert "No row with an actual value yet" in text


def test_a_test_is_started_looked_at_and_concluded(subject: Subject, as_person: AsPerson) -> None:
    viewer, trainer = as_person("viewer"), as_person("trainer")
    assert "No test yet" in page(viewer, "/ui/ab-tests")
    assert "Test two versions" in page(trainer, f"/ui/registry/{subject.slug}")
    answer = start(trainer, subject, guard_latency_ms="40", margin="0.01")
    assert "The test has begun" in answer.content.decode(), answer.content[:3000]
    test = ABTest.objects.get()
    assert (test.guards, test.margin) == ({"unanswered": 0.01, "latency_ms": 40.0}, 0.01)
    url = f"/ui/ab-tests/{test.pk}"
    text = page(viewer, url)
    assert "old &lt;again&gt;" in text
    assert "Guard rails" in text
    assert "Conclude now" not in text
    assert "Conclude now" in page(trainer, url)
    assert "old &lt;again&gt;" in page(viewer, "/ui/ab-tests?status=active")
    assert "Nothing fits" in page(viewer, "/ui/ab-tests?status=cancelled")
    assert "old &lt;again&gt;" in page(viewer, f"/ui/registry/{subject.slug}")
    assert viewer.post(f"{url}/conclude").status_code == 403
    assert (
        "ended without a verdict" in trainer.post(f"{url}/conclude", follow=True).content.decode()
    )
    assert "has already ended" in trainer.post(f"{url}/cancel", follow=True).content.decode()
    assert "No verdict" in page(viewer, url)


def test_a_challenger_that_won_can_be_promoted_from_its_test(
    subject: Subject, as_person: AsPerson
) -> None:
    start(as_person("trainer"), subject)
    points = [
        {"n": n, "difference": 0.2, "lower": 0.1, "upper": 0.3, "p_value": 0.01, "at": None}
        for n in (200, 400)
    ]
    test = ABTest.objects.get()
    test.results |= {"verdict": "promote", "history": points, "difference": 0.2}
    test.status, test.winner, test.ended_at = ABTest.Status.COMPLETED, "b", now()
    test.save()
    text = page(as_person("trainer"), f"/ui/ab-tests/{test.pk}")
    assert "The challenger is better" in text
    assert 'data-figure="interval-data"' in text
    assert "Promote version 1" in text
    assert "Promote version 1" not in page(as_person("viewer"), f"/ui/ab-tests/{test.pk}")
    answer = as_person("trainer").post(
        f"/ui/registry/{subject.slug}/promote",
        {"version": "1", "reason": "It won the A/B test."},
        follow=True,
    )
    assert answer.status_code == 200
    assert champion_of(subject.key) == version(1)
    assert "Promote version 1" not in page(as_person("trainer"), f"/ui/ab-tests/{test.pk}")


def test_what_is_wrong_with_the_form_is_said_by_field(
    subject: Subject, as_person: AsPerson
) -> None:
    trainer = as_person("trainer")
    for more, text in (
        ({"days": "long"}, "Must be a number"),
        ({"guard_unanswered": "3"}, "from 0 to below 1"),
        ({"b": "2"}, "must be different versions"),
        ({"b": "9"}, "has no version"),
        ({"do": "plan", "effect": "0.1"}, "<strong>Champion (a)</strong>: Only 0 errors"),
        ({"do": "plan", "effect": ""}, "Must be a number"),
    ):
        answer = start(trainer, subject, **more)
        assert (answer.status_code, text in answer.content.decode()) == (422, True), text
        assert "old &lt;again&gt;" in answer.content.decode()
    assert not ABTest.objects.exists()
    assert as_person("viewer").get(f"/ui/registry/{subject.slug}/ab-test").status_code == 403
    assert trainer.get("/ui/registry/nothing/ab-test").status_code == 404


def test_a_test_is_planned_from_the_champion_s_errors(
    subject: Subject, as_person: AsPerson
) -> None:
    champion = version(2)
    for i in range(40):
        actual = Actual.objects.create(subject=subject, key=f"k{i}", label="b" if i % 4 else "a")
        Prediction.objects.create(
            subject=subject, version=champion, version_number=2, at=now(), label="b", actual=actual
        )
    answer = start(as_person("trainer"), subject, do="plan", effect="0.05")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "rows on average" in text
    assert "0.2500" in text
    assert not ABTest.objects.exists()


def test_a_model_with_one_version_can_not_be_tested(
    make_version: MakeVersion, as_person: AsPerson
) -> None:
    make_version()
    slug = Subject.objects.get().slug
    assert "A test takes two versions" in page(as_person("trainer"), f"/ui/registry/{slug}/ab-test")


def test_the_only_interval_is_drawn_as_a_bar() -> None:
    looks = [
        {"at": "2026-03-01T12:00:00", "n": 24, "difference": 1.0, "lower": None, "upper": None},
        {"at": "2026-03-02T12:00:00", "n": 48, "difference": 2.0, "lower": 1.5, "upper": 2.5},
    ]
    figure = ab_figure(ABTest(results={"history": looks}))
    assert figure is not None
    bar = figure["data"][0]
    assert (bar["x"], bar["y"]) == ([looks[1]["at"]] * 2, [1.5, 2.5])


def test_a_probability_is_never_shown_as_none() -> None:
    assert [chance(p) for p in (0.0, 0.00009, 0.04)] == [
        "< 0.0001", "< 0.0001", "0.0400",
    ]  # fmt: skip
