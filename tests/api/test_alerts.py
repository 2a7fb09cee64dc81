"""Contract B over HTTP: alerts and their rules."""

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from modelwright.accounts.models import AuditEntry
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_raise
from modelwright.monitoring.models import Alert
from tests.people import rest

pytestmark = pytest.mark.django_db

BASE = "/api/v1/model-performance"
KEYS = {
    "alert_id", "model_type", "machine_id", "machine_name", "alert_type", "severity", "message",
    "current_value", "threshold", "created_at", "status",
}  # fmt: skip


@pytest.fixture
def machine() -> Machine:
    return Machine.objects.create(name="Kiln", number=1)


@pytest.fixture
def alert(machine: Machine) -> Alert:
    found = alert_raise(
        Finding(AlertType.DATA_DRIFT, machine, "Drift in power_kw.", "baseline", 1.4, 1.0)
    )
    assert found is not None
    return found


def test_open_alerts_are_listed_in_the_words_of_the_contract(alert: Alert) -> None:
    answer = rest("viewer").get(f"{BASE}/alerts/active")
    assert answer.status_code == 200
    (found,) = answer.json()
    assert set(found) == KEYS
    assert found["alert_id"] == str(alert.pk)
    assert (found["machine_name"], found["status"]) == ("Kiln", "firing")
    assert (found["current_value"], found["threshold"]) == (1.4, 1.0)


def test_the_list_can_be_narrowed(alert: Alert) -> None:
    def count(**wanted: Any) -> int:
        return len(rest("viewer").get(f"{BASE}/alerts/active", wanted).json())

    other = Machine.objects.create(name="Oven", number=2)
    alert_raise(Finding(AlertType.NO_DATA, other, "Nothing since Monday.", value=200.0))
    assert count() == 2
    assert count(machine_id=other.pk) == 1
    assert count(model_type="baseline") == 1
    assert count(severity="critical") == 1
    assert count(severity="info") == 0


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ({"machine_id": "7"}, 422, "UUID"),
        ({"severity": "terrible"}, 422, "severity"),
        ({"colour": "red"}, 422, "colour"),
        ({"machine_id": str(uuid4())}, 404, "Machine not found"),
    ],
)
def test_what_cannot_be_meant_is_said(query: dict[str, str], status: int, text: str) -> None:
    answer = rest("viewer").get(f"{BASE}/alerts/active", query)
    assert answer.status_code == status
    assert text in answer.json()["detail"]


def test_acknowledge_and_resolve(alert: Alert) -> None:
    trainer = rest("trainer")
    answer = trainer.post(f"{BASE}/alerts/{alert.pk}/acknowledge")
    assert answer.status_code == 200
    assert answer.json()["status"] == "acknowledged"
    assert answer.json()["acknowledged_by"] == "trainer"
    assert len(rest("viewer").get(f"{BASE}/alerts/active").json()) == 1
    answer = trainer.post(f"{BASE}/alerts/{alert.pk}/resolve", {"resolution": "Sensor changed."})
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["resolved_by"]) == ("resolved", "trainer")
    assert rest("viewer").get(f"{BASE}/alerts/active").json() == []
    answer = trainer.post(f"{BASE}/alerts/{alert.pk}/acknowledge")
    assert (answer.status_code, answer.json()["code"]) == (409, "alert_resolved")
    history = rest("viewer").get(f"{BASE}/alerts/", {"status": "resolved"}).json()
    assert history["count"] == 1
    assert history["results"][0]["resolution"] == "Sensor changed."
    entries = AuditEntry.objects.filter(verb__startswith="alert.").order_by("id")
    assert [(e.verb, e.actor_name) for e in entries] == [
        ("alert.raised", ""), ("alert.acknowledged", "trainer"), ("alert.resolved", "trainer"),
    ]  # fmt: skip


def test_silence(alert: Alert) -> None:
    until = now() + dt.timedelta(hours=2)
    trainer = rest("trainer")
    answer = trainer.post(f"{BASE}/alerts/{alert.pk}/silence", {"until": until.isoformat()})
    assert answer.status_code == 200
    assert answer.json()["silenced_until"] is not None
    assert trainer.post(f"{BASE}/alerts/{alert.pk}/silence", {"until": None}).status_code == 200
    answer = trainer.post(f"{BASE}/alerts/{alert.pk}/silence", {"until": "2020-01-01T00:00Z"})
    assert (answer.status_code, "until" in answer.json()["detail"]) == (422, True)


@pytest.mark.parametrize("what", ["", "/acknowledge", "/resolve", "/silence"])
@pytest.mark.parametrize(
    ("alert_id", "status"), [("7", 422), (str(uuid4()), 404)], ids=["no id", "unknown"]
)
def test_no_such_alert(what: str, alert_id: str, status: int) -> None:
    client = rest("trainer")
    address = f"{BASE}/alerts/{alert_id}{what}"
    answer = (
        client.post(address, {"until": None} if "sil" in what else {})
        if what
        else (client.get(address))
    )
    assert answer.status_code == status
    assert "lert" in answer.json()["detail"]


def test_four_ways(alert: Alert) -> None:
    """Works for a trainer; a stranger, a viewer and another method are refused."""
    address = f"{BASE}/alerts/{alert.pk}/acknowledge"
    assert rest("stranger").post(address).status_code == 403
    assert rest("viewer").post(address).status_code == 403
    assert rest("trainer").put(address).status_code == 405
    alert.refresh_from_db()
    assert alert.status == "firing"
    assert rest("trainer").post(address).status_code == 200


def test_a_rule_for_one_machine(machine: Machine) -> None:
    trainer = rest("trainer")
    body = {"alert_type": "data_drift", "machine_id": str(machine.pk), "critical_at": 1.2}
    answer = trainer.post(f"{BASE}/alert-rules/", body)
    assert answer.status_code == 201
    rule = answer.json()
    assert (rule["machine_name"], rule["critical_at"], rule["warning_at"]) == ("Kiln", 1.2, None)
    assert trainer.post(f"{BASE}/alert-rules/", body).status_code == 409
    alert = alert_raise(Finding(AlertType.DATA_DRIFT, machine, "Drift.", "baseline", 1.3))
    assert alert is not None
    assert alert.severity == "critical"
    address = f"{BASE}/alert-rules/{rule['id']}"
    answer = trainer.patch(address, {"is_muted": True})
    assert (answer.status_code, answer.json()["is_muted"]) == (200, True)
    assert trainer.patch(address, {"warning_at": 2.0}).status_code == 422
    assert trainer.patch(address, {"machine_id": None}).status_code == 422
    assert rest("viewer").get(f"{BASE}/alert-rules/").json()["count"] == 1
    assert rest("viewer").delete(address).status_code == 403
    assert trainer.delete(address).status_code == 204
    assert trainer.get(address).status_code == 404


def test_parameters_may_stand_in_the_query(machine: Machine) -> None:
    answer = rest("trainer").post(
        f"{BASE}/alert-rules/?alert_type=no_data&warning_at=6&is_muted=false&cooldown_minutes=30"
    )
    assert answer.status_code == 201
    assert (answer.json()["warning_at"], answer.json()["cooldown_minutes"]) == (6.0, 30)
