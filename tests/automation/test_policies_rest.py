"""Policies over REST."""

from typing import Any

import pytest

from modelwright.automation.models import Loop
from modelwright.registry.models import Subject
from tests.people import rest
from tests.registry.conftest import MakeVersion, make_version

__all__ = ["make_version"]

pytestmark = pytest.mark.django_db
URL = "/api/v1/policies/"
RULES = {"when": {"age_days": 30}, "then": {"alert": True}}


@pytest.fixture
def slug(make_version: MakeVersion) -> str:
    return Subject.objects.get(key=make_version().subject).slug


def make(slug: str, **more: Any) -> Any:
    return rest("trainer").post(URL, {"name": "p", "subject": slug, "rules": RULES, **more})


def test_a_policy_is_made_changed_and_removed(slug: str) -> None:
    made = make(slug)
    assert made.status_code == 201, made.content
    policy = made.json()
    assert policy["rules"]["cooldown_hours"] == 24.0
    assert make(slug).status_code == 409
    one = f"{URL}{policy['id']}/"
    assert rest("trainer").patch(one, {"is_active": False}).json()["is_active"] is False
    assert rest("trainer").patch(one, {"rules": {}}).status_code == 422
    assert [p["name"] for p in rest("viewer").get(URL).json()["results"]] == ["p"]
    assert rest("trainer").delete(one).status_code == 204
    assert rest("viewer").get(one).status_code == 404


def test_what_is_wrong_is_named_by_place(slug: str) -> None:
    answer = make(slug, rules={"when": {"moon": True}, "then": {"alert": True}})
    assert (answer.status_code, "when.moon" in answer.json()["details"]) == (422, True)
    assert make("nobody").status_code == 404
    assert make(slug, model_type="random_forest").status_code == 422
    assert rest("viewer").post(URL, {}).status_code == 403


def test_a_dry_run_does_nothing(slug: str) -> None:
    rules = {"when": {"age_days": 0.0001}, "then": {"alert": True}}
    answer = rest("viewer").post(f"{URL}dry-run/", {"subject": slug, "rules": rules, "days": 5})
    assert answer.status_code == 200, answer.content
    assert not Loop.objects.exists()
    assert rest("viewer").post(f"{URL}dry-run/", {"subject": slug}).status_code == 422


def test_the_kill_switch(slug: str) -> None:
    switch = f"{URL}switch/"
    assert rest("viewer").get(switch).json()["stopped"] is False
    pulled = rest("trainer").put(switch, {"reason": "audit"}).json()
    assert (pulled["stopped"], pulled["reason"], pulled["stopped_by"]) == (True, "audit", "trainer")
    assert rest("trainer").delete(switch).json()["stopped"] is False
    assert rest("viewer").put(switch, {}).status_code == 403


def test_loops_are_looked_at_decided_and_stopped(slug: str) -> None:
    subject = Subject.objects.get(slug=slug)
    loop = Loop.objects.create(
        subject=subject, rules=RULES, trigger="age", reason="old", state="training"
    )
    assert rest("viewer").get("/api/v1/loops/?open=true").json()["count"] == 1
    one = f"/api/v1/loops/{loop.pk}/"
    assert rest("viewer").get(one).json()["state"] == "training"
    assert rest("trainer").post(f"{one}decide/", {"promote": True}).status_code == 409
    assert rest("trainer").post(f"{one}stop/", {"reason": "no"}).json()["state"] == "stopped"
    assert rest("trainer").post(f"{one}stop/", {}).status_code == 409
    assert rest("viewer").post(f"{one}stop/", {}).status_code == 403
