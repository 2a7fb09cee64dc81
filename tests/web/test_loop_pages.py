"""Pages of the loop: performance, alerts, registry, one model with its policy."""

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from modelwright.abtests.models import ABTest
from modelwright.automation.models import Loop, Policy, PolicySwitch
from modelwright.automation.policies import policy_create
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_raise
from modelwright.monitoring.models import Alert, MetricsRecord
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.promotion import version_promote, version_rollback
from modelwright.registry.selectors import champion_of
from tests.abtests.test_ab_tests import machine, read, train
from tests.api.research import a_model_run, an_experiment
from tests.attacks.world import version_of
from tests.registry.conftest import MakeVersion, make_version

__all__ = ["machine", "make_version"]

AsPerson = Callable[[str], Client]
SUBJECT = "future_skills:table.csv"


@pytest.fixture
def slug(make_version: MakeVersion) -> str:
    make_version(), make_version()
    return Subject.objects.get(key=SUBJECT).slug


def page(client: Client, url: str, **more: Any) -> str:
    answer = client.get(url, **more)
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def test_without_machines_the_page_says_what_to_do(viewer: Client) -> None:
    assert "No machine yet" in page(viewer, "/ui/model-performance")


def test_before_the_first_training_there_is_an_empty_state(
    machine: Machine, as_person: AsPerson
) -> None:
    text = page(as_person("trainer"), "/ui/model-performance")
    assert "No metrics yet" in text
    assert "Trigger retraining" in text
    assert "Trigger retraining" not in page(as_person("viewer"), "/ui/model-performance")


def test_a_trained_model_shows_version_metrics_and_history(
    machine: Machine, as_person: AsPerson
) -> None:
    read(machine, 0, 40)
    train(machine)
    url = f"/ui/model-performance?model_type=baseline&machine={machine.pk}&days=365"
    text = page(as_person("viewer"), url)
    assert 'data-version="1"' in text
    assert 'data-metric="rmse"' in text
    assert "too few records to tell" in text
    assert "% a month" not in text
    assert "Run 1" in text
    assert 'data-figure="errors-data"' in text
    part = page(as_person("viewer"), url, headers={"HX-Request": "true"})
    assert "<html" not in part
    other = page(as_person("viewer"), url.replace("baseline", "anomaly"))
    assert "No metrics yet" in other


def test_records_about_times_before_the_chosen_days_are_drawn(
    machine: Machine, as_person: AsPerson
) -> None:
    read(machine, 0, 40)
    train(machine)
    ended = now() - dt.timedelta(days=3000)
    MetricsRecord.objects.update(
        evaluation_start=ended - dt.timedelta(days=9), evaluation_end=ended
    )
    text = page(
        as_person("viewer"), f"/ui/model-performance?model_type=baseline&machine={machine.pk}"
    )
    found = re.search(r'id="errors-data"[^>]*>(.*?)</script>', text, re.S)
    assert found is not None
    figure = json.loads(found[1])
    begin, end = (dt.datetime.fromisoformat(t) for t in figure["layout"]["xaxis"]["range"])
    assert begin < dt.datetime.fromisoformat(figure["data"][0]["x"][0]) < end


def test_nonsense_in_the_address_is_no_error(machine: Machine, viewer: Client) -> None:
    page(viewer, "/ui/model-performance?model_type=x&machine=7&days=soon")
    assert "no such machine" in page(
        viewer, "/ui/model-performance?machine=0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11"
    )


def test_a_drift_check_and_a_test_by_form(machine: Machine, as_person: AsPerson) -> None:
    read(machine, 0, 40)
    train(machine), train(machine)
    read(machine, 40, 2)
    form = {"machine": str(machine.pk), "model_type": "baseline"}
    trainer = as_person("trainer")
    assert trainer.post("/ui/model-performance/drift", form).status_code == 302
    made = trainer.post(
        "/ui/model-performance/ab-test", {**form, "a": "2", "b": "1", "days": "30"}, follow=True
    )
    assert "The test has begun" in made.content.decode()
    again = trainer.post("/ui/model-performance/ab-test", {**form, "a": "2", "b": "1"}, follow=True)
    assert "is on: wait for its end" in again.content.decode()
    wrong = trainer.post(
        "/ui/model-performance/ab-test", {**form, "a": "2", "b": "1", "days": "long"}, follow=True
    )
    assert "length in days must be a number, not &#x27;long&#x27;." in wrong.content.decode()
    assert as_person("viewer").post("/ui/model-performance/drift", form).status_code == 403


def test_the_inbox_is_worked_through(machine: Machine, as_person: AsPerson) -> None:
    trainer, viewer = as_person("trainer"), as_person("viewer")
    assert "Nothing needs you" in page(viewer, "/ui/alerts")
    alert_raise(Finding(AlertType.PERFORMANCE, machine, "Errs <more>.", "baseline", 9.0, 1.3))
    alert = Alert.objects.get()
    text = page(viewer, "/ui/alerts")
    assert "Errs &lt;more&gt;." in text
    assert "hold-out: 9, threshold 2<" in text
    silent = Finding(AlertType.NO_DATA, machine, "Silent.", "", 6398.997, 24.0)
    alert_raise(silent)
    text = page(viewer, "/ui/alerts")
    assert "No new data</h2>" in text
    assert "Hours without a new reading: 6\u2009399, threshold 168<" in text
    about = f"/ui/model-performance?model_type=baseline&machine={machine.pk}"
    assert "<strong>No new data</strong>" in page(viewer, about)
    Alert.objects.filter(alert_type="no_data").delete()
    assert "/acknowledge" not in text
    assert "/acknowledge" in page(trainer, "/ui/alerts")
    url = f"/ui/alerts/{alert.pk}"
    trainer.post(f"{url}/acknowledge", {"back": "severity=critical"})
    trainer.post(f"{url}/silence", {"hours": "1"})
    trainer.post(f"{url}/resolve", {"resolution": "filter cleaned"})
    alert.refresh_from_db()
    assert (alert.status, alert.resolution) == ("resolved", "filter cleaned")
    assert "No alert fits" in page(viewer, "/ui/alerts?severity=info")
    assert "filter cleaned" in page(viewer, "/ui/alerts?status=all")
    assert viewer.post(f"{url}/resolve").status_code == 403


def test_the_registry_and_one_model(slug: str, as_person: AsPerson) -> None:
    viewer, trainer = as_person("viewer"), as_person("trainer")
    assert slug in page(viewer, "/ui/registry")
    text = page(viewer, f"/ui/registry/{slug}")
    assert "<strong data-champion>2</strong>" in text
    assert "Promote a version" not in text
    assert "Promote a version" in page(trainer, f"/ui/registry/{slug}")
    assert viewer.get("/ui/registry/nothing").status_code == 404
    refused = trainer.post(f"/ui/registry/{slug}/promote", {"version": "1"}, follow=True)
    assert "Say why" in refused.content.decode()
    trainer.post(f"/ui/registry/{slug}/promote", {"version": "1", "reason": "calmer"})
    champion = champion_of(SUBJECT)
    assert champion is not None
    assert champion.number == 1
    assert "calmer" in page(viewer, f"/ui/registry/{slug}")
    trainer.post(f"/ui/registry/{slug}/rollback", {"reason": "back"})
    trainer.post(f"/ui/registry/{slug}/mode", {"promotion": "newest"})
    assert "rolled back" in page(viewer, f"/ui/registry/{slug}")


def test_a_policy_is_tried_saved_and_stopped(slug: str, as_person: AsPerson) -> None:
    trainer = as_person("trainer")
    url = f"/ui/registry/{slug}/policy"
    wrong = trainer.post(url, {"rules": "{"})
    assert wrong.status_code == 422
    wrong = trainer.post(url, {"rules": json.dumps({"when": {"moon": True}})})
    assert "when.moon" in wrong.content.decode()
    rules = json.dumps({"when": {"age_days": 30}, "then": {"alert": True}})
    tried = trainer.post(url, {"rules": rules, "do": "dry-run"})
    assert "it would have acted 0 times" in tried.content.decode()
    assert not Policy.objects.exists()
    trainer.post(url, {"rules": rules, "do": "save", "is_active": "yes"})
    trainer.post(url, {"rules": rules, "do": "save"})
    assert not Policy.objects.get().is_active
    trainer.post("/ui/policies/switch", {"do": "stop"})
    assert PolicySwitch.objects.exists()
    assert "All policies are stopped" in page(trainer, f"/ui/registry/{slug}")
    trainer.post("/ui/policies/switch", {"do": "go-on"})
    assert not PolicySwitch.objects.exists()


def test_a_loop_is_stopped_by_form(slug: str, as_person: AsPerson) -> None:
    subject = Subject.objects.get(slug=slug)
    loop = Loop.objects.create(
        subject=subject, rules={}, trigger="age", reason="old", state="training"
    )
    assert "Stop here" in page(as_person("trainer"), f"/ui/registry/{slug}")
    as_person("trainer").post(f"/ui/loops/{loop.pk}/stop")
    loop.refresh_from_db()
    assert loop.state == "stopped"


def test_home_shows_the_newest_metrics_of_each_champion(
    machine: Machine, as_person: AsPerson
) -> None:
    read(machine, 0, 40)
    version = train(machine)
    rmse = version.run.metrics["rmse"]
    assert f">{rmse:.3f}<" in page(as_person("viewer"), "/ui/home")


def test_home_says_what_needs_somebody(
    machine: Machine, slug: str, as_person: AsPerson, make_run: Callable[..., Any]
) -> None:
    viewer = as_person("viewer")
    calm = page(viewer, "/ui/home")
    assert "Nothing needs you" in calm
    assert "Well" in calm
    failed = make_run(status="failed", error_message="disk full")
    alert_raise(Finding(AlertType.PERFORMANCE, machine, "Errs more.", "baseline", 9.0, 1.3))
    Loop.objects.create(
        subject=Subject.objects.get(slug=slug), rules={}, trigger="age", reason="old",
        state="waiting", challenger=champion_of(SUBJECT),
    )  # fmt: skip
    text = page(viewer, "/ui/home")
    assert "Nothing needs you" not in text
    for words in ("Errs more.", "disk full", "waits for your decision", f"Run {failed.number}"):
        assert words in text
    make_run(subject=failed.subject)
    assert "disk full" not in page(viewer, "/ui/home")


def test_home_asks_for_a_decision_until_the_champion_has_changed(
    make_version: MakeVersion, as_person: AsPerson
) -> None:
    first, second = make_version(), make_version()
    subject = Subject.objects.get(key=SUBJECT)
    version_promote(version=first, user=None, reason="it was the best")
    ABTest.objects.create(
        test_name="t", subject=subject, model_type="random_forest", version_a=first,
        version_b=second, model_a_id=uuid.uuid4(), model_b_id=uuid.uuid4(), mode="shadow",
        ends_at=now(), ended_at=now(), status="completed", winner="b",
        recommendation="Promote the second.",
    )  # fmt: skip
    viewer = as_person("viewer")
    assert "Promote the second." in page(viewer, "/ui/home")
    version_promote(version=second, user=None, reason="it won")
    assert "Promote the second." not in page(viewer, "/ui/home")
    version_rollback(subject=subject, user=None, reason="it was worse after all")
    assert "Promote the second." not in page(viewer, "/ui/home")


def test_home_names_stale_models_by_the_age_that_their_policy_says(
    slug: str, as_person: AsPerson
) -> None:
    viewer = as_person("viewer")
    ModelVersion.objects.update(created_at=now() - dt.timedelta(days=200))
    text = page(viewer, "/ui/home")
    assert "Stale models" in text
    assert "Nothing needs you" not in text
    rules = {"when": {"age_days": 300}, "then": {"alert": True}}
    policy_create(name="old", subject=Subject.objects.get(slug=slug), rules=rules, user=None)
    assert "Stale models" not in page(viewer, "/ui/home")


def test_home_counts_the_alerts_of_a_model_of_a_table(slug: str, as_person: AsPerson) -> None:
    subject = Subject.objects.get(slug=slug)
    found = Finding(AlertType.DATA_DRIFT, None, "Inputs moved.", "random_forest", subject=subject)
    alert_raise(found)
    text = page(as_person("viewer"), "/ui/home")
    assert "Inputs moved." in text
    assert "1 alert<" in text
    assert f"/ui/registry/{slug}" in text
    assert "Inputs moved." in page(as_person("viewer"), "/ui/alerts?search=moved")


def test_the_common_rules_are_a_form_that_leaves_the_rest_alone(
    slug: str, as_person: AsPerson
) -> None:
    trainer = as_person("trainer")
    url = f"/ui/registry/{slug}/policy"
    rules = {
        "when": {"drift": True},
        "then": {"alert": True, "retrain": True, "gather_days": 40, "test": {"margin": 0.5}},
    }
    trainer.post(url, {"rules": json.dumps(rules), "is_active": "yes"})
    form = {
        "form": "common",
        "is_active": "yes",
        "age_days": "30",
        "metric_name": "rmse",
        "metric_above": "2.5",
        "retrain": "yes",
        "test_days": "14",
        "promote": "auto",
        "watch_days": "7",
        "cooldown_hours": "12",
    }
    assert trainer.post(url, form).status_code == 302
    saved = Policy.objects.get().rules
    assert saved["when"] == {"age_days": 30, "metric": {"name": "rmse", "above": 2.5}}
    assert saved["then"] == {
        "retrain": True,
        "gather_days": 40,
        "test": {"margin": 0.5, "days": 14},
        "promote": "auto",
        "watch": {"days": 7},
    }
    assert saved["cooldown_hours"] == 12
    text = page(trainer, f"/ui/registry/{slug}")
    assert 'name="test_days" min="0" step="any" value="14"' in text
    assert '<option value="auto" selected>' in text
    tried = trainer.post(url, {**form, "do": "dry-run", "age_days": "31"})
    assert "it would have acted" in tried.content.decode()
    wrong = trainer.post(url, {**form, "age_days": "soon", "retrain": ""})
    assert wrong.status_code == 422
    assert "<code>when.age_days</code>" in wrong.content.decode()
    assert Policy.objects.get().rules == saved
    more = {
        "test_mode": "shadow", "test_margin": "0.01", "test_confidence": "0.9",
    }  # fmt: skip
    assert trainer.post(url, {**form, **more}).status_code == 302
    then = Policy.objects.get().rules["then"]
    assert then["test"] == {"days": 14, "mode": "shadow", "margin": 0.01, "confidence": 0.9}
    assert trainer.post(url, {**form, **dict.fromkeys(more, "")}).status_code == 302
    assert Policy.objects.get().rules["then"]["test"] == {"days": 14}
    assert trainer.post(url, {**form, "gather_days": "", "train_days": "21"}).status_code == 302
    then = Policy.objects.get().rules["then"]
    assert ("gather_days" in then, then["train_days"]) == (False, 21)
    assert "on the last 21 days" in page(trainer, f"/ui/registry/{slug}")


def test_a_search_is_offered_where_there_is_an_experiment(slug: str, as_person: AsPerson) -> None:
    trainer = as_person("trainer")
    version_of(a_model_run(an_experiment("trainer")))
    searched = Subject.objects.get(experiment__isnull=False).slug
    form = {"form": "common", "drift": "yes", "retrain": "yes", "tune_trials": "30"}
    assert "tune_trials" not in page(trainer, f"/ui/registry/{slug}")
    refused = trainer.post(f"/ui/registry/{slug}/policy", form)
    assert (refused.status_code, "then.tune" in refused.content.decode()) == (422, True)
    assert "tune_trials" in page(trainer, f"/ui/registry/{searched}")
    assert trainer.post(f"/ui/registry/{searched}/policy", form).status_code == 302
    assert Policy.objects.get().rules["then"]["tune"]["trials"] == 30


def test_a_click_rolls_back_to_any_earlier_champion(
    slug: str, make_version: MakeVersion, as_person: AsPerson
) -> None:
    make_version()  # versions 1, 2 and 3 have answered, one after the other
    trainer = as_person("trainer")
    text = page(trainer, f"/ui/registry/{slug}")
    offered = re.findall(r'<option value="(\d)">version \d, the last before|'
                         r'<option value="(\d)">version \d</option>',
                         text[text.index('id="rollback-version"'):])  # fmt: skip
    assert [first or other for first, other in offered][:2] == ["2", "1"]
    trainer.post(f"/ui/registry/{slug}/rollback", {"version": "1", "reason": "the old one"})
    assert getattr(champion_of(SUBJECT), "number", 0) == 1
    back = trainer.post(f"/ui/registry/{slug}/rollback", {"version": "9"}, follow=True)
    assert "has no version" in back.content.decode()


def test_a_back_test_is_told_as_one(machine: Machine, as_person: AsPerson) -> None:
    read(machine, 0, 40)
    subject = Subject.objects.get(key=train(machine).subject)
    rules = {
        "when": {"drift": True},
        "then": {"retrain": True, "test": {"mode": "back_test", "days": 9}, "promote": "ask"},
    }
    policy_create(name="p", subject=subject, rules=rules, user=None)
    text = page(as_person("viewer"), f"/ui/registry/{subject.slug}")
    assert "<li>it is tested by a back-test for 9 days: better, 95 % sure</li>" in text


def test_whoever_sees_a_model_reads_what_its_policy_does(slug: str, as_person: AsPerson) -> None:
    rules = {
        "when": {"metric": {"name": "accuracy", "below": 0.9}, "new_rows": 5000},
        "then": {
            "alert": True, "retrain": True, "test": {"days": 14, "mode": "shadow", "margin": 0.01},
            "promote": "auto", "watch": {"days": 30},
        },
        "retrains_per_month": 2,
    }  # fmt: skip
    policy_create(name="p", subject=Subject.objects.get(slug=slug), rules=rules, user=None)
    text = page(as_person("viewer"), f"/ui/registry/{slug}")
    for words in (
        "accuracy is below 0.9",
        "5,000 actual values are new",
        "it is tested in shadow for 14 days: better by 0.01, 95 % sure",
        "it becomes champion by itself, once it has won its test",
        "it is rolled back if it is worse within 30 days",
        "2 trainings a month",
    ):
        assert f"<li>{words}</li>" in text, words
    assert "Change it" not in text
