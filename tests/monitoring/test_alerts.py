"""The life of alerts: one open for each incident, whatever happens in whatever order."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.accounts.models import AuditEntry
from modelwright.accounts.notification_models import Channel, Notice
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.monitoring.alert_rules import (
    alert_rule_change,
    alert_rule_create,
    alert_rule_delete,
    treatment_of,
)
from modelwright.monitoring.alert_types import AlertType, Severity
from modelwright.monitoring.alerts import (
    Finding,
    alert_acknowledge,
    alert_clear,
    alert_raise,
    alert_resolve,
    alert_silence,
)
from modelwright.monitoring.errors import AlertResolvedError, AlertRuleExistsError
from modelwright.monitoring.models import Alert, AlertRule
from modelwright.runs.machine_services import machine_subject
from modelwright.runs.models import TrainingRun
from tests.monitoring.conftest import MakeMachine, Told

pytestmark = pytest.mark.django_db

DRIFT = AlertType.DATA_DRIFT


def drift(machine: Machine, **fields: Any) -> Finding:
    defaults: dict[str, Any] = {
        "alert_type": DRIFT,
        "machine": machine,
        "model_type": "baseline",
        "message": "Drift in outdoor_temp_c.",
        "value": 1.4,
        "threshold": 1.0,
    }
    return Finding(**{**defaults, **fields})


def open_alert(machine: Machine, **fields: Any) -> Alert:
    alert = alert_raise(drift(machine, **fields))
    assert alert is not None
    return alert


def test_what_shows_again_adds_to_the_open_alert(make_machine: MakeMachine, told: Told) -> None:
    machine = make_machine()
    first = open_alert(machine)
    again = open_alert(machine, value=1.6, message="Drift in production_count.")
    assert again.pk == first.pk
    assert (again.occurrences, again.current_value) == (2, 1.6)
    assert again.message == "Drift in production_count."
    assert again.last_seen_at > first.last_seen_at
    assert told == [(first.incident, "firing")]
    assert AuditEntry.objects.filter(verb="alert.raised").count() == 1


def test_an_alert_names_the_highest_threshold_that_was_passed(make_machine: MakeMachine) -> None:
    machine = make_machine()
    errs: dict[str, Any] = {"alert_type": AlertType.PERFORMANCE, "threshold": 1.3}
    alert = open_alert(machine, **errs, value=1.5)
    assert (alert.severity, alert.threshold) == ("warning", 1.3)
    alert = open_alert(machine, **errs, value=2.4)
    assert (alert.severity, alert.threshold) == ("critical", 2.0)
    rule = {"alert_type": DRIFT, "warning_at": 1.2, "critical_at": 5.0}
    alert_rule_create(**rule, machine=machine, user=None)  # type: ignore[arg-type]
    assert open_alert(machine, value=1.4).threshold == 1.2
    assert open_alert(machine, value=5.0).threshold == 5.0
    slow = open_alert(make_machine(), alert_type=AlertType.NO_DATA, value=400.0, threshold=300.0)
    assert (slow.severity, slow.threshold) == ("critical", 300.0)


def test_other_machines_and_types_have_alerts_of_their_own(make_machine: MakeMachine) -> None:
    one, other = make_machine(), make_machine()
    for finding in (drift(one), drift(other), drift(one, model_type="anomaly")):
        alert_raise(finding)
    alert_raise(Finding(AlertType.NO_DATA, other, "Nothing since Monday.", value=30.0))
    assert Alert.objects.count() == 4


def test_the_database_refuses_a_second_open_alert(make_machine: MakeMachine) -> None:
    alert = open_alert(make_machine())
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(
            incident=alert.incident, alert_type=DRIFT, severity="info", message="Twice."
        )


def test_acknowledge_then_resolve(make_machine: MakeMachine, told: Told) -> None:
    alert = open_alert(make_machine())
    alert_acknowledge(alert=alert, user=None)
    alert_acknowledge(alert=alert, user=None)
    assert alert.status == Alert.Status.ACKNOWLEDGED
    alert_resolve(alert=alert, user=None, resolution="Sensor changed.")
    alert_resolve(alert=alert, user=None, resolution="Again.")
    assert (alert.status, alert.resolution) == (Alert.Status.RESOLVED, "Sensor changed.")
    assert [what for _, what in told] == ["firing", "acknowledged", "resolved"]
    with pytest.raises(AlertResolvedError):
        alert_acknowledge(alert=alert, user=None)
    with pytest.raises(AlertResolvedError):
        alert_silence(alert=alert, until=now() + dt.timedelta(hours=1), user=None)


def test_an_acknowledged_alert_that_gets_worse_fires_anew(
    make_machine: MakeMachine, told: Told
) -> None:
    machine = make_machine()
    alert_rule_create(alert_type=DRIFT, critical_at=3.0, machine=machine, user=None)
    alert = open_alert(machine)
    alert_acknowledge(alert=alert, user=None)
    alert = open_alert(machine, value=3.5)
    assert (alert.status, alert.severity) == ("firing", "critical")
    assert alert.acknowledged_at is None
    alert = open_alert(machine, value=1.2)
    assert alert.severity == "critical", "it was, and nobody has said that it is over"
    assert [what for _, what in told] == ["firing", "acknowledged", "firing"]


def test_after_it_was_resolved_it_stays_quiet_for_a_while(make_machine: MakeMachine) -> None:
    machine = make_machine()
    alert_resolve(alert=open_alert(machine), user=None)
    assert alert_raise(drift(machine)) is None
    Alert.objects.update(resolved_at=now() - dt.timedelta(minutes=61))
    assert alert_raise(drift(machine)) is not None


def test_something_worse_breaks_the_quiet(make_machine: MakeMachine) -> None:
    machine = make_machine()
    alert_resolve(alert=open_alert(machine), user=None)
    assert open_alert(machine, severity=Severity.CRITICAL).severity == "critical"


def test_the_end_of_the_cause_closes_the_alert(make_machine: MakeMachine, told: Told) -> None:
    machine = make_machine()
    alert = open_alert(machine)
    assert alert_clear(DRIFT, machine, "anomaly", reason="No drift.") is None
    closed = alert_clear(DRIFT, machine, "baseline", reason="No drift found any more.")
    assert closed is not None
    assert closed.pk == alert.pk
    assert (closed.resolution, closed.resolved_by) == ("No drift found any more.", None)
    assert told[-1] == (alert.incident, "resolved")


def test_a_silenced_alert_tells_nobody_until_then(make_machine: MakeMachine, told: Told) -> None:
    machine = make_machine()
    alert = open_alert(machine)
    alert_silence(alert=alert, until=now() + dt.timedelta(hours=1), user=None)
    open_alert(machine, severity=Severity.CRITICAL)
    assert len(told) == 1
    Alert.objects.update(silenced_until=now() - dt.timedelta(seconds=1))
    alert = open_alert(machine)
    assert (len(told), alert.silenced_until) == (2, None)
    open_alert(machine)
    assert len(told) == 2
    with pytest.raises(InvalidInputError):
        alert_silence(alert=alert, until=now(), user=None)


def test_no_data_and_a_running_training_explain_drift(make_machine: MakeMachine) -> None:
    silent, training = make_machine(), make_machine()
    alert_raise(Finding(AlertType.NO_DATA, silent, "Nothing since Monday.", value=30.0))
    assert alert_raise(drift(silent)) is None
    TrainingRun.objects.create(
        number=1, machine=training, subject=machine_subject("baseline", training)
    )
    assert alert_raise(drift(training)) is None
    assert alert_raise(drift(training, model_type="forecast_arima")) is not None


def test_the_most_particular_rule_counts(make_machine: MakeMachine) -> None:
    machine = make_machine()
    kind = AlertType.PERFORMANCE
    for critical_at, fields in enumerate(
        ({}, {"model_type": "baseline"}, {"machine": machine},
         {"machine": machine, "model_type": "baseline"}), start=2
    ):  # fmt: skip
        alert_rule_create(alert_type=kind, critical_at=critical_at, user=None, **fields)
        assert treatment_of(kind, "baseline", machine).critical_at == critical_at
    assert treatment_of(kind, "anomaly", machine).critical_at == 4
    assert treatment_of(kind, "baseline", make_machine()).critical_at == 3
    assert treatment_of(kind, "anomaly", None).critical_at == 2
    assert treatment_of(kind, "anomaly", None).warning_at == 1.3, "what it leaves open stays"


@pytest.mark.parametrize(
    ("rule", "value", "severity"),
    [
        ({}, 1.1, "warning"),
        ({"warning_at": 2.0}, 1.9, None),
        ({"warning_at": 2.0}, 2.0, "warning"),
        ({"critical_at": 3.0}, 2.9, "warning"),
        ({"critical_at": 3.0}, 3.0, "critical"),
        ({"warning_at": 2.0}, None, "warning"),
        ({"is_muted": True}, 99.0, None),
    ],
)
def test_rules_say_how_bad_it_is(
    make_machine: MakeMachine, rule: dict[str, Any], value: float | None, severity: str | None
) -> None:
    machine = make_machine()
    alert_rule_create(alert_type=DRIFT, machine=machine, user=None, **rule)
    alert = alert_raise(drift(machine, value=value))
    assert (alert and alert.severity) == severity


def test_rules_are_checked(make_machine: MakeMachine) -> None:
    rule = alert_rule_create(alert_type=DRIFT, warning_at=1.0, user=None)
    with pytest.raises(AlertRuleExistsError):
        alert_rule_create(alert_type=DRIFT, user=None)
    with pytest.raises(InvalidInputError, match="critical_at"):
        alert_rule_change(rule=rule, critical_at=0.5, user=None)
    with pytest.raises(InvalidInputError, match="alert_type"):
        alert_rule_create(alert_type="weather", user=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        AlertRule.objects.update(critical_at=0.5)
    alert_rule_delete(rule=rule, user=None)
    assert not AlertRule.objects.exists()
    verbs = AuditEntry.objects.filter(verb__startswith="alert_rule").values_list("verb", flat=True)
    assert set(verbs) == {"alert_rule.created", "alert_rule.deleted"}


def test_channels_are_told_where_an_alert_stands(make_machine: MakeMachine) -> None:
    Channel.objects.create(name="Ops", kind="webhook", target="x")
    machine = make_machine(name="Kiln")

    def told_now() -> tuple[int, str, str]:
        notice = Notice.objects.get()
        return notice.sequence, notice.state, notice.title

    alert = open_alert(machine)
    assert told_now() == (1, "warning", "Data drift: Kiln (baseline)")
    open_alert(machine)
    alert_acknowledge(alert=alert, user=None)
    assert told_now()[:2] == (1, "warning")
    alert = open_alert(machine, severity=Severity.CRITICAL)
    assert told_now()[:2] == (2, "critical")
    alert_resolve(alert=alert, user=None, resolution="Sensor changed.")
    assert told_now()[:2] == (3, "resolved")
    assert Notice.objects.get().body == "Sensor changed."


EVENTS = st.lists(
    st.sampled_from(["warn", "worse", "acknowledge", "resolve", "clear", "silence", "later"]),
    max_size=15,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(events=EVENTS)
def test_any_order_of_events_keeps_one_open_alert(
    make_machine: MakeMachine, told: Told, events: list[str]
) -> None:
    machine = make_machine()
    told.clear()
    mine = Alert.objects.filter(machine=machine)
    acts = {
        "warn": lambda _: alert_raise(drift(machine)),
        "worse": lambda _: alert_raise(drift(machine, severity=Severity.CRITICAL)),
        "acknowledge": lambda alert: alert_acknowledge(alert=alert, user=None),
        "resolve": lambda alert: alert_resolve(alert=alert, user=None),
        "clear": lambda _: alert_clear(DRIFT, machine, "baseline", reason="Over."),
        "silence": lambda alert: alert_silence(
            alert=alert, until=now() + dt.timedelta(minutes=1), user=None
        ),
        "later": lambda _: mine.filter(status="resolved").update(
            resolved_at=now() - dt.timedelta(days=1)
        ),
    }
    for event in events:
        last = mine.first()
        if last is None and event in ("acknowledge", "resolve", "silence"):
            continue
        try:
            acts[event](last)
        except AlertResolvedError:
            assert last is not None
            assert last.status == "resolved"
        held = list(mine.exclude(status="resolved"))
        assert len(held) <= 1
        assert not held or event != "clear"
        if event in ("warn", "worse") and not mine.filter(status="resolved").exists():
            assert held
    firing, resolved = (sum(what == word for _, what in told) for word in ("firing", "resolved"))
    assert resolved == mine.filter(status="resolved").count()
    assert firing >= mine.count(), "every alert was told of once at least"


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_alert(make_machine: MakeMachine, told: Told) -> None:
    machine = make_machine()
    together = threading.Barrier(6)

    def find() -> None:
        together.wait()
        alert_raise(drift(machine))
        connections.close_all()

    threads = [threading.Thread(target=find) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alert = Alert.objects.get()
    assert alert.occurrences == 6
    assert told == [(alert.incident, "firing")]
