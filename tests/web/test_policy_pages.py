"""Pages of policies: the list of all, and those of whole model types with their editor."""

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from modelwright.automation.models import Loop, Policy, PolicySwitch
from modelwright.automation.policies import policies_stop, policy_create
from modelwright.core.clock import now
from modelwright.registry.models import ModelVersion, Subject
from tests.api.research import a_model_run, an_experiment
from tests.attacks.world import version_of
from tests.people import person
from tests.registry.conftest import MakeVersion, make_version

__all__ = ["make_version"]

AsPerson = Callable[[str], Client]
LIST, NEW = "/ui/policies", "/ui/policies/new"
RULES: dict[str, Any] = {"when": {"age_days": 30}, "then": {"alert": True}}
FORM = {"form": "common", "is_active": "yes", "age_days": "30", "alert": "yes"}


@pytest.fixture
def subject(make_version: MakeVersion) -> Subject:
    return Subject.objects.get(key=make_version().subject)


def of_type(**more: Any) -> Policy:
    return policy_create(**{"name": "forests", "rules": RULES, "user": None,
                            "model_type": "random_forest", **more})  # fmt: skip


def page(client: Client, url: str, **more: Any) -> str:
    answer = client.get(url, **more)
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def test_all_policies_are_listed_with_what_they_do_and_their_last_turn(
    subject: Subject, as_person: AsPerson
) -> None:
    viewer = as_person("viewer")
    assert "No policy yet" in page(viewer, LIST)
    rules = {
        "when": {"drift": True, "metric": {"name": "accuracy", "below": 0.9}},
        "then": {"alert": True, "retrain": True, "test": {"days": 14}, "promote": "auto"},
    }
    own = policy_create(name="one", subject=subject, rules=rules, user=None, is_active=False)
    kind = of_type()
    Loop.objects.create(
        policy=own, subject=subject, rules=rules, trigger="drift", reason="moved",
        state="kept", ended_at=now(),
    )  # fmt: skip
    text = page(viewer, LIST)
    assert "When drift is found or accuracy is below 0.9: tell, train, test for 14 days," in text
    assert "When the model is 30 days old: tell" in text
    assert f'href="/ui/registry/{subject.slug}#policy"' in text
    assert f'href="/ui/policies/{kind.pk}"' in text
    assert 'href="/ui/registry?type=random_forest"' in text
    assert "Champion kept" in text
    assert text.count("Paused") == text.count("Active") == 1
    assert f'href="{LIST}" aria-current="page"' in text
    assert "Paused" not in page(viewer, f"{LIST}?search=forests")
    assert "Nothing fits" in page(viewer, f"{LIST}?search=nothing")
    rows = page(viewer, LIST, headers={"HX-Request": "true"})
    assert "<html" not in rows


def test_who_may_only_look_is_offered_nothing_to_change(as_person: AsPerson) -> None:
    policy = of_type()
    viewer, trainer = as_person("viewer"), as_person("trainer")
    for url in (LIST, f"{LIST}/{policy.pk}"):
        assert '<form method="post" action="/ui/policies' not in page(viewer, url)
        assert "Stop all policies" in page(trainer, url)
    assert "New policy" in page(trainer, LIST)
    for url in (NEW, f"{LIST}/{policy.pk}/save", f"{LIST}/{policy.pk}/pause", f"{LIST}/switch"):
        assert viewer.post(url, FORM).status_code == 403, url
        assert as_person("stranger").post(url, FORM).status_code == 403, url
    assert viewer.get(NEW).status_code == 403
    for url in (f"{LIST}/{policy.pk}/save", f"{LIST}/{policy.pk}/delete"):
        assert trainer.get(url).status_code == 405
    assert Policy.objects.get().rules == policy.rules


def test_a_policy_for_a_type_is_tried_made_changed_paused_and_deleted(
    subject: Subject, as_person: AsPerson
) -> None:
    trainer = as_person("trainer")
    ModelVersion.objects.update(created_at=now() - dt.timedelta(days=200))
    assert '<option value="random_forest">Random forest' in page(trainer, NEW)
    url = f"{NEW}?model_type=random_forest"
    text = page(trainer, url)
    assert "All Random forest models" in text
    assert f'<option value="{subject.slug}"' in text
    tried = trainer.post(url, {**FORM, "do": "dry-run", "on": subject.slug})
    found = tried.content.decode()
    assert (tried.status_code, "it would have acted" in found) == (200, True)
    assert subject.title in found
    assert not Policy.objects.exists()
    wrong = trainer.post(url, {**FORM, "age_days": "soon"})
    assert wrong.status_code == 422
    assert "<code>when.age_days</code>" in wrong.content.decode()
    made = trainer.post(url, {**FORM, "do": "save"})
    policy = Policy.objects.get()
    assert made.headers["Location"] == f"{LIST}/{policy.pk}"
    assert (policy.model_type, policy.subject, policy.is_active) == ("random_forest", None, True)
    again = trainer.post(url, {**FORM, "do": "save"})
    assert again.status_code == 422
    assert "already" in again.content.decode()
    rules = {"when": {"age_days": 60}, "then": {"alert": True, "retrain": True}}
    trainer.post(f"{LIST}/{policy.pk}/save", {"rules": json.dumps(rules), "is_active": "yes"})
    policy.refresh_from_db()
    assert policy.rules["when"] == {"age_days": 60}
    assert "a challenger is trained" in page(as_person("viewer"), f"{LIST}/{policy.pk}")
    for what, is_active in (("pause", False), ("resume", True)):
        trainer.post(f"{LIST}/{policy.pk}/{what}")
        policy.refresh_from_db()
        assert policy.is_active is is_active
    assert trainer.post(f"{LIST}/{policy.pk}/explode").status_code == 404
    gone = trainer.post(f"{LIST}/{policy.pk}/delete")
    assert (gone.headers["Location"], Policy.objects.exists()) == (LIST, False)
    assert trainer.get(f"{LIST}/{policy.pk}").status_code == 404


def test_nonsense_for_a_new_policy_is_no_error(as_person: AsPerson) -> None:
    trainer = as_person("trainer")
    assert "New policy" in page(trainer, f"{NEW}?model_type=nothing")
    assert trainer.post(f"{NEW}?model_type=nothing", FORM).status_code == 404
    url = f"{NEW}?model_type=random_forest"
    for wrong in ({"rules": "{"}, {"rules": "[" * 50_000}, {"rules": "[]"}, {"rules": "7"}, {}):
        assert trainer.post(url, wrong).status_code == 422
    tried = trainer.post(url, {**FORM, "do": "dry-run", "on": "nothing"})
    assert tried.status_code == 422
    assert "There is no model" in tried.content.decode()
    assert not Policy.objects.exists()


def test_a_model_that_its_types_policy_rules_says_so(subject: Subject, as_person: AsPerson) -> None:
    policy = of_type()
    trainer = as_person("trainer")
    text = page(trainer, f"/ui/registry/{subject.slug}")
    assert f'ruled by <a href="{LIST}/{policy.pk}">the policy of all Random forest models' in text
    assert "Make one of its own" in text
    assert subject.title in page(trainer, f"{LIST}/{policy.pk}")
    trainer.post(f"/ui/registry/{subject.slug}/policy", {**FORM, "age_days": "9"})
    own = Policy.objects.get(subject=subject)
    text = page(trainer, f"/ui/registry/{subject.slug}")
    assert "the policy of all" not in text
    assert "Not those that have a policy of their own" in page(trainer, f"{LIST}/{policy.pk}")
    assert trainer.get(f"{LIST}/{own.pk}").headers["Location"].endswith(f"{subject.slug}#policy")
    assert trainer.post(f"{LIST}/{own.pk}/delete").headers["Location"].endswith("#policy")
    assert "the policy of all" in page(trainer, f"/ui/registry/{subject.slug}")


def test_policies_and_turns_of_other_peoples_models_stay_theirs(
    subject: Subject, as_person: AsPerson
) -> None:
    version_of(a_model_run(an_experiment("trainer", name="secret study")))
    secret = Subject.objects.get(experiment__isnull=False)
    own = policy_create(name="hidden one", subject=secret, rules=RULES, user=None)
    kind = of_type()
    Loop.objects.create(
        policy=kind, subject=secret, rules=RULES, trigger="age", reason="hidden reason",
        state="told", ended_at=now(),
    )  # fmt: skip
    viewer = as_person("viewer")
    for url in (LIST, f"{LIST}/{kind.pk}"):
        text = page(viewer, url)
        assert not re.search("hidden (one|reason)|secret study|Told, nothing else", text), url
    assert "hidden reason" in page(as_person("trainer"), f"{LIST}/{kind.pk}")
    assert viewer.get(f"{LIST}/{own.pk}").status_code == 403
    person("second").groups.add(Group.objects.get(name="DRH"))
    assert as_person("second").post(f"{LIST}/{own.pk}/delete").status_code == 403
    url = f"{LIST}/{kind.pk}/save"
    tried = as_person("admin").post(url, {**FORM, "do": "dry-run", "on": subject.slug})
    assert tried.status_code == 200


def test_the_kill_switch_is_on_the_list(as_person: AsPerson) -> None:
    trainer = as_person("trainer")
    of_type()
    stopped = trainer.post(f"{LIST}/switch", {"do": "stop", "reason": "audit <week>"}, follow=True)
    assert stopped.redirect_chain[-1][0] == LIST
    text = stopped.content.decode()
    assert "All policies are stopped" in text
    assert "audit &lt;week&gt;" in text
    assert "Let all policies act again" not in page(as_person("viewer"), LIST)
    trainer.post(f"{LIST}/switch", {"do": "go-on"})
    assert not PolicySwitch.objects.exists()
    policies_stop(user=None, reason="again")
    text = page(as_person("viewer"), "/ui/home")
    assert f'href="{LIST}"><strong>All policies are stopped' in text
