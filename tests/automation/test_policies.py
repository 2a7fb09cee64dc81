"""Policies: what they may say, when they act, and that they never act twice or past a person."""

import datetime as dt
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from modelwright.abtests.models import ABTest
from modelwright.accounts.models import AuditEntry
from modelwright.automation import loops
from modelwright.automation.errors import (
    LoopNotWaitingError,
    PolicyExistsError,
    PolicyNotFoundError,
)
from modelwright.automation.loops import (
    MOVES,
    OPEN,
    loop_decide,
    loop_stop,
    loops_advance,
)
from modelwright.automation.models import Loop, LoopStep, Policy
from modelwright.automation.policies import (
    policies_go_on,
    policies_stop,
    policy_change,
    policy_create,
    policy_delete,
    policy_dry_run,
)
from modelwright.automation.policy_rules import Reach, rules_check
from modelwright.catalog.models import Machine
from modelwright.core.clock import clock_shift, now
from modelwright.core.errors import InvalidInputError
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_raise, alert_resolve
from modelwright.monitoring.models import Alert
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.promotion import version_promote
from modelwright.registry.selectors import champion_of
from modelwright.runs.executor import run_here
from modelwright.runs.models import TrainingRun
from tests.abtests.test_ab_tests import machine, read, train
from tests.api.research import a_model_run, an_experiment
from tests.attacks.world import version_of
from tests.people import person

__all__ = ["machine"]

Rules = dict[str, Any]
ANY = Reach(of_machines=True, can_search=True)
RULES: Rules = {
    "when": {"drift": True},
    "then": {
        "alert": True,
        "retrain": True,
        "test": {"days": 200},
        "promote": "auto",
        "watch": {"days": 300},
    },
    "cooldown_hours": 1,
}


@pytest.fixture(autouse=True)
def _real_time_again() -> Iterator[None]:
    yield
    clock_shift(dt.timedelta())


@pytest.fixture
def champion(machine: Machine) -> ModelVersion:
    read(machine, 0, 40)
    return train(machine)


def subject_of(version: ModelVersion) -> Subject:
    return Subject.objects.get(key=version.subject)


def drifted(machine: Machine) -> None:
    assert alert_raise(Finding(AlertType.PERFORMANCE, machine, "Errs more.", "baseline", 9.0, 1.3))


def loop() -> Loop:
    return Loop.objects.latest("started_at")


def work() -> None:
    """Do what the workers would: run what is pending."""
    for run in TrainingRun.objects.filter(status="pending"):
        run_here(run)


def texts() -> list[str]:
    return [step.text for step in LoopStep.objects.all()]


# --- rules --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ([], "rules"),
        ({}, "when"),
        ({"when": {"drift": True}}, "then"),
        ({"when": {}, "then": {"alert": True}}, "when"),
        ({"when": {"drift": "yes"}, "then": {"alert": True}}, "when.drift"),
        ({"when": {"moon": True}, "then": {"alert": True}}, "when.moon"),
        ({"when": {"age_days": 0}, "then": {"alert": True}}, "when.age_days"),
        ({"when": {"age_days": float("nan")}, "then": {"alert": True}}, "when.age_days"),
        ({"when": {"new_rows": 1.5}, "then": {"alert": True}}, "when.new_rows"),
        ({"when": {"drift": True}, "then": {"test": {"days": 3}}}, "then.test"),
        ({"when": {"drift": True}, "then": {"retrain": True, "promote": "auto"}}, "then.promote"),
        ({"when": {"drift": True}, "then": {"retrain": True, "test": {"days": -1}}},
         "then.test.days"),
        ({"when": {"drift": True}, "then": {"retrain": True, "watch": {"days": 3}}}, "then.watch"),
        ({"when": {"drift": True},
          "then": {"retrain": True, "test": {"days": 3, "guards": {"unanswered": 1.0}}}},
         "then.test.guards.unanswered"),
        ({"when": {"drift": True}, "then": {"alert": True}, "cooldown_hours": -1},
         "cooldown_hours"),
    ],
)  # fmt: skip
def test_rules_that_can_not_be_meant_are_refused_by_place(rules: Any, place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        rules_check(rules, ANY)
    assert any(key.startswith(place) for key in caught.value.details), caught.value.details


@pytest.mark.parametrize(
    ("metric", "place"),
    [
        ({"name": "accuracy"}, "when.metric"),
        ({"below": 0.5}, "when.metric.name"),
        ({"name": "acuracy", "below": 0.5}, "when.metric.name"),
        ({"name": "rmse", "above": 0.5}, "when.metric.name"),
        ({"name": "accuracy", "below": 0.9, "above": 0.5}, "when.metric"),
    ],
)
def test_a_metric_that_could_never_or_would_always_act_is_refused(
    metric: Rules, place: str
) -> None:
    labels = Reach(of_machines=False, can_search=True, metrics=("accuracy", "log_loss"))
    with pytest.raises(InvalidInputError) as caught:
        rules_check({"when": {"metric": metric}, "then": {"alert": True}}, labels)
    assert list(caught.value.details) == [place]


@pytest.mark.parametrize(
    ("then", "reach", "place"),
    [
        ({"tune": {"trials": 5}}, Reach(True, False), "then.tune"),
        ({"test": {"mode": "back_test", "days": 5}}, Reach(False, True), "then.test.mode"),
    ],
)
def test_what_these_models_can_not_do_is_refused(then: Rules, reach: Reach, place: str) -> None:
    rules = {"when": {"drift": True}, "then": {"retrain": True, **then}}
    with pytest.raises(InvalidInputError) as caught:
        rules_check(rules, reach)
    assert list(caught.value.details) == [place]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["when", "then", "drift", "test", "days", "retrain", "x"]), inner
            )
        ),
        max_leaves=8,
    )
)
def test_any_json_is_rules_or_is_refused(rules: Any) -> None:
    try:
        checked = rules_check(rules, ANY)
    except InvalidInputError:
        return
    assert rules_check(checked, ANY) == checked


def test_every_open_state_has_moves_and_a_next_step() -> None:
    assert set(MOVES) == set(OPEN) == {Loop.State.GATHERING, *loops._NEXT}


@pytest.mark.django_db
def test_a_policy_that_somebody_has_deleted_is_not_changed() -> None:
    subject = subject_of(version_of(a_model_run(an_experiment("trainer"))))
    made = policy_create(name="p", subject=subject, rules=RULES, user=None)
    policy_delete(policy=Policy.objects.get(), user=None)
    with pytest.raises(PolicyNotFoundError):
        policy_change(policy=made, user=None, is_active=False)
    assert not Policy.objects.exists()


# --- the loop -----------------------------------------------------------------------------------


def test_the_whole_loop_promotes_the_winner_and_rolls_it_back_when_things_change_again(
    machine: Machine, champion: ModelVersion
) -> None:
    subject = subject_of(champion)
    policy_create(name="p", subject=subject, rules=RULES, user=None)
    assert loops_advance() == 0
    read(machine, 40, 40, level=1.6)
    drifted(machine)
    assert loops_advance() == 1
    assert (loop().state, loop().trigger) == ("training", "drift")
    assert TrainingRun.objects.get(status="pending").trigger_type == "drift"
    work()
    assert champion_of(subject.key) == champion  # it has to win first
    loops_advance()
    assert loop().state == "testing"
    read(machine, 80, 110, level=1.6)
    loops_advance()
    challenger = loop().challenger
    assert (loop().state, champion_of(subject.key)) == ("watching", challenger)
    read(machine, 190, 110)  # the old state of affairs is back
    loops_advance()
    assert (loop().state, champion_of(subject.key)) == ("rolled_back", champion)
    kinds = list(subject.promotions.order_by("id").values_list("kind", flat=True))
    assert kinds == ["first", "promoted", "rolled_back"]
    evidence = subject.promotions.get(kind="promoted").evidence
    assert evidence == {"ab_test": str(loop().test_id), "loop": str(loop().pk)}
    assert [step.state for step in LoopStep.objects.all()] == [
        "told", "training", "testing", "watching", "rolled_back",
    ]  # fmt: skip
    assert AuditEntry.objects.filter(verb="loop.step").count() == 5


@pytest.mark.django_db
def test_a_training_for_a_table_says_what_asked_for_it() -> None:
    version = version_of(a_model_run(an_experiment("trainer")))
    rules = {"when": {"age_days": 1}, "then": {"retrain": True}}
    policy_create(name="p", subject=subject_of(version), rules=rules, user=None)
    clock_shift(dt.timedelta(days=2))
    loops_advance()
    loops_advance()
    assert TrainingRun.objects.get(status="pending").trigger_type == "scheduled"


def test_who_wins_against_a_champion_that_was_replaced_is_not_promoted(
    machine: Machine, champion: ModelVersion
) -> None:
    subject = subject_of(champion)
    policy_create(name="p", subject=subject, rules=RULES, user=None)
    read(machine, 40, 40, level=1.6)
    drifted(machine)
    loops_advance()
    work()
    loops_advance()
    chosen = train(machine)
    version_promote(version=chosen, user=None, reason="by hand")
    read(machine, 80, 110, level=1.6)
    loops_advance()
    assert (loop().state, champion_of(subject.key)) == ("kept", chosen)
    assert f"Version {chosen.number} answers by now" in texts()[-1]


def test_a_challenger_is_tested_against_whoever_answers_by_then(
    machine: Machine, champion: ModelVersion
) -> None:
    subject = subject_of(champion)
    other = train(machine)
    version_promote(version=champion, user=None, reason="the first")
    policy_create(name="p", subject=subject, rules=RULES, user=None)
    drifted(machine)
    loops_advance()
    version_promote(version=other, user=None, reason="by hand")
    work()
    loops_advance()
    assert loop().test is not None
    assert (loop().state, loop().test.version_a) == ("testing", other)  # type: ignore[union-attr]


def test_drift_that_does_no_harm_promotes_nothing(machine: Machine, champion: ModelVersion) -> None:
    subject = subject_of(champion)
    policy_create(name="p", subject=subject, rules=RULES, user=None)
    read(machine, 40, 10)
    drifted(machine)
    loops_advance()
    work()
    loops_advance()
    read(machine, 50, 150)
    clock_shift(dt.timedelta(days=201))
    loops_advance()
    assert (loop().state, champion_of(subject.key)) == ("kept", champion)


def test_a_person_decides_where_the_policy_says_ask(
    machine: Machine, champion: ModelVersion
) -> None:
    then = {"retrain": True, "test": {"days": 200}, "promote": "ask"}
    subject = subject_of(champion)
    policy_create(name="p", subject=subject, rules={**RULES, "then": then}, user=None)
    read(machine, 40, 40, level=1.6)
    drifted(machine)
    loops_advance()
    work()
    loops_advance()
    read(machine, 80, 110, level=1.6)
    loops_advance()
    assert (loop().state, champion_of(subject.key)) == ("waiting", champion)
    assert loops_advance() == 0
    loop_decide(loop=loop(), promote=True, user=person("trainer"), reason="looks right")
    assert champion_of(subject.key) == loop().challenger
    with pytest.raises(LoopNotWaitingError):
        loop_decide(loop=loop(), promote=True, user=person("trainer"), reason="again")


def test_a_training_that_fails_ends_the_loop(
    machine: Machine, champion: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy_create(name="p", subject=subject_of(champion), rules=RULES, user=None)
    drifted(machine)
    loops_advance()
    TrainingRun.objects.filter(status="pending").update(
        status="failed", finished_at=now(), error_message="disk full"
    )
    loops_advance()
    assert loop().state == "failed"
    assert "disk full" in texts()[-1]


def test_ten_workers_at_once_begin_one_loop(machine: Machine, champion: ModelVersion) -> None:
    policy_create(name="p", subject=subject_of(champion), rules=RULES, user=None)
    drifted(machine)

    def advance() -> None:
        loops_advance()
        connection.close()

    threads = [threading.Thread(target=advance) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Loop.objects.count() == 1
    assert TrainingRun.objects.filter(status="pending").count() == 1


def test_cooldown_and_budget_hold_turns_apart(machine: Machine, champion: ModelVersion) -> None:
    rules = {**RULES, "cooldown_hours": 48, "retrains_per_month": 1}
    policy_create(name="p", subject=subject_of(champion), rules=rules, user=None)
    drifted(machine)
    loops_advance()
    work()
    loop_stop(loop=loop(), user=None)
    assert loops_advance() == 0
    clock_shift(dt.timedelta(hours=49))
    assert loops_advance() == 0  # one a month
    clock_shift(dt.timedelta(days=31))
    assert loops_advance() == 1


def test_the_kill_switch_stops_everything(machine: Machine, champion: ModelVersion) -> None:
    policy_create(name="p", subject=subject_of(champion), rules=RULES, user=None)
    drifted(machine)
    policies_stop(user=person("admin"), reason="holiday")
    policies_stop(user=person("admin"), reason="twice")
    assert loops_advance() == 0
    assert policies_go_on(user=person("admin"))
    assert not policies_go_on(user=person("admin"))
    assert loops_advance() == 1
    verbs = list(AuditEntry.objects.filter(verb__startswith="policies").values_list("verb"))
    assert len(verbs) == 2


def test_stopping_a_loop_cancels_its_test(machine: Machine, champion: ModelVersion) -> None:
    policy_create(name="p", subject=subject_of(champion), rules=RULES, user=None)
    drifted(machine)
    loops_advance()
    work()
    loops_advance()
    loop_stop(loop=loop(), user=person("trainer"), reason="no")
    assert ABTest.objects.get().status == "cancelled"
    with pytest.raises(LoopNotWaitingError):
        loop_stop(loop=loop(), user=None)


@pytest.mark.parametrize(
    ("when", "trigger"),
    [
        ({"age_days": 1}, "age"),
        ({"new_rows": 24}, "new_rows"),
        ({"metric": {"name": "r_squared", "below": 0.5}}, "metric"),
    ],
)
def test_other_triggers(
    machine: Machine, champion: ModelVersion, when: Rules, trigger: str, record: Any
) -> None:
    rules = {"when": when, "then": {"alert": True}}
    policy_create(name="p", model_type="baseline", rules=rules, user=None)
    if trigger == "age":
        clock_shift(champion.run.period_end - now() + dt.timedelta(hours=1))
    assert loops_advance() == 0
    if trigger == "age":
        clock_shift(champion.run.period_end - now() + dt.timedelta(hours=30))
    elif trigger == "new_rows":
        read(machine, 40, 1)
    else:
        record(r_squared=0.1)
    assert loops_advance() == 1
    assert (loop().trigger, loop().state) == (trigger, "told")
    assert not TrainingRun.objects.filter(status="pending").exists()


@pytest.fixture
def record(machine: Machine, champion: ModelVersion) -> Callable[..., None]:
    from modelwright.monitoring.models import MetricsRecord  # noqa: PLC0415

    def make(**metrics: float) -> None:
        MetricsRecord.objects.create(
            model_id=champion.run_id,
            model_type="baseline",
            machine=machine,
            source="recorded",
            evaluation_start=now() - dt.timedelta(days=1),
            evaluation_end=now(),
            **metrics,
        )

    return make


def test_a_subjects_own_policy_goes_before_its_types(
    machine: Machine, champion: ModelVersion
) -> None:
    subject = subject_of(champion)
    policy_create(name="all", model_type="baseline", rules=RULES, user=None)
    own = policy_create(name="own", subject=subject, rules=RULES, user=None)
    drifted(machine)
    loops_advance()
    assert [one.policy for one in Loop.objects.all()] == [own]
    with pytest.raises(PolicyExistsError):
        policy_create(name="x", subject=subject, rules=RULES, user=None)
    with pytest.raises(PolicyExistsError):
        policy_create(name="x", model_type="baseline", rules=RULES, user=None)


def test_changes_are_checked_and_recorded(machine: Machine, champion: ModelVersion) -> None:
    policy = policy_create(name="p", subject=subject_of(champion), rules=RULES, user=None)
    with pytest.raises(InvalidInputError):
        policy_change(policy=policy, user=None, rules={})
    with pytest.raises(InvalidInputError):
        policy_change(policy=policy, user=None, subject=None)
    policy_change(policy=policy, user=person("trainer"), is_active=False)
    drifted(machine)
    assert loops_advance() == 0
    policy_delete(policy=policy, user=None)
    assert not Policy.objects.exists()


def test_a_dry_run_misses_no_alert_that_was_soon_over(
    machine: Machine, champion: ModelVersion
) -> None:
    drifted(machine)
    clock_shift(dt.timedelta(minutes=7))
    alert_resolve(alert=Alert.objects.get(), user=None, resolution="It was nothing.")
    clock_shift(dt.timedelta(days=3, hours=1))
    found = policy_dry_run(subject=subject_of(champion), rules=RULES, days=30)
    assert [(one.trigger, one.at) for one in found] == [("drift", Alert.objects.get().created_at)]


def test_a_dry_run_says_when_it_would_have_acted(machine: Machine, champion: ModelVersion) -> None:
    drifted(machine)
    clock_shift(dt.timedelta(days=20))
    rules = {**RULES, "cooldown_hours": 24 * 7}
    found = policy_dry_run(subject=subject_of(champion), rules=rules, days=30)
    assert [one.trigger for one in found] == ["drift"] * 3
    gaps = [b.at - a.at for a, b in itertools.pairwise(found)]
    assert all(gap >= dt.timedelta(days=7) for gap in gaps)
    assert not Loop.objects.exists()
    with pytest.raises(InvalidInputError):
        policy_dry_run(subject=subject_of(champion), rules=rules, days=0)
