"""Contract B over HTTP: a machine's key figures, anomalies and forecast."""

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from modelwright.catalog.models import Machine
from modelwright.core.clock import moment_of
from modelwright.engine.machines.series import HOUR_MS
from modelwright.monitoring.models import MachineAnomaly
from modelwright.monitoring.outlook import expected_actual, saved_against_baseline
from tests.monitoring.plant import END_MS, chiller, moved, readings, store, train
from tests.people import rest

pytestmark = pytest.mark.django_db

END = moment_of(END_MS)


@pytest.fixture(autouse=True)
def _nobody_hears(silent_bell: list[str]) -> None:
    """What is submitted stays pending."""


@pytest.fixture
def machine() -> Machine:
    return chiller(days=40, energy_price_per_kwh=0.2, carbon_kg_per_kwh=0.4)


def ask(machine: Machine, what: str, **wanted: Any) -> Any:
    return rest("viewer").get(f"/api/v1/machines/{machine.pk}/{what}", wanted)


def test_key_figures(machine: Machine) -> None:
    found = ask(machine, "kpis").json()
    assert set(found) == {"machine_id", "machine_name", "timezone", "days", "totals"}
    assert len(found["days"]) == 30
    day = found["days"][10]
    assert set(day) == {
        "day", "energy_kwh", "production_count", "specific_energy_kwh", "peak_kw",
        "demand_minutes", "load_factor", "cost", "carbon_kg", "coverage", "reading_count",
    }  # fmt: skip
    assert day["cost"] == pytest.approx(0.2 * day["energy_kwh"])
    assert day["carbon_kg"] == pytest.approx(0.4 * day["energy_kwh"])
    total = sum(d["energy_kwh"] or 0.0 for d in found["days"])
    assert found["totals"]["energy_kwh"] == pytest.approx(total)
    start, end = (END - dt.timedelta(days=days) for days in (2, 1))
    two = ask(machine, "kpis", start=start.isoformat(), end=end.isoformat()).json()
    assert len(two["days"]) == 2


def test_a_machine_without_readings_has_no_key_figures() -> None:
    machine = Machine.objects.create(name="Kiln", number=99)
    found = ask(machine, "kpis").json()
    assert (found["days"], found["totals"]["energy_kwh"]) == ([], None)


@pytest.mark.parametrize("what", ["kpis", "anomalies", "forecast"])
def test_what_cannot_be_meant_is_said(what: str) -> None:
    viewer = rest("viewer")
    machine = Machine.objects.create(name="Kiln", number=99)
    for machine_id, wanted, status in (
        ("7", {}, 422),
        (str(uuid4()), {}, 404),
        (str(machine.pk), {"start": "yesterday"}, 422),
        (str(machine.pk), {"colour": "red"}, 422),
    ):
        answer = viewer.get(f"/api/v1/machines/{machine_id}/{what}", wanted)
        assert answer.status_code == status, answer.content
        assert answer.json()["detail"]


@pytest.fixture
def anomaly(machine: Machine) -> MachineAnomaly:
    return MachineAnomaly.objects.create(
        machine=machine, start_at=END - dt.timedelta(hours=5), end_at=END - dt.timedelta(hours=3),
        severity="warning", score=1.4, channels=["power_kw"], message="Too much power.",
    )  # fmt: skip


def test_anomalies(machine: Machine, anomaly: MachineAnomaly) -> None:
    found = ask(machine, "anomalies").json()
    assert found["count"] == 1
    (row,) = found["results"]
    assert set(row) == {
        "id", "start", "end", "severity", "score", "channels", "message", "is_false_alarm",
        "detected_at", "model_version",
    }  # fmt: skip
    assert ask(machine, "anomalies", start=END.isoformat()).json()["count"] == 0
    inside = (END - dt.timedelta(hours=4)).isoformat()
    assert ask(machine, "anomalies", start=inside, page=1).json()["count"] == 1


def test_a_false_alarm_four_ways(machine: Machine, anomaly: MachineAnomaly) -> None:
    address = f"/api/v1/machines/{machine.pk}/anomalies/{anomaly.pk}"
    body = {"is_false_alarm": True}
    assert rest("stranger").patch(address, body).status_code == 403
    assert rest("viewer").patch(address, body).status_code == 403
    trainer = rest("trainer")
    assert trainer.post(address, body).status_code == 405
    answer = trainer.patch(address, body)
    assert (answer.status_code, answer.json()["is_false_alarm"]) == (200, True)
    assert trainer.patch(address, {"is_false_alarm": "maybe"}).status_code == 422
    other = f"/api/v1/machines/{machine.pk}/anomalies/{uuid4()}"
    assert trainer.patch(other, body).json()["detail"] == "Anomaly not found"


def test_the_forecast_begins_where_the_readings_end(machine: Machine) -> None:
    answer = ask(machine, "forecast")
    assert (answer.status_code, "train" in answer.json()["detail"]) == (404, True)
    train(machine, "forecast_arima")
    found = ask(machine, "forecast").json()
    assert (found["model_type"], found["model_version"]) == ("forecast_arima", 1)
    assert found["target"] == "energy_kwh"
    assert len(found["points"]) == 24
    first = dt.datetime.fromisoformat(found["points"][0]["timestamp"])
    known = dt.datetime.fromisoformat(found["known_until"])
    assert first == known + dt.timedelta(hours=1)
    for point in found["points"]:
        assert point["lower"] <= point["expected"] <= point["upper"]
    two_days = (known + dt.timedelta(hours=49)).isoformat()
    assert len(ask(machine, "forecast", end=two_days).json()["points"]) == 48
    far = (known + dt.timedelta(days=365)).isoformat()
    assert ask(machine, "forecast", end=far).status_code == 422


def test_of_the_past_it_is_what_was_forecast_then(machine: Machine) -> None:
    train(machine, "forecast_arima")
    start = END - dt.timedelta(hours=10)
    found = ask(machine, "forecast", start=start.isoformat(), end=END.isoformat()).json()
    assert len(found["points"]) == 10
    assert all(point["expected"] is not None for point in found["points"])


def test_expected_and_saved_for_pages(machine: Machine) -> None:
    version = train(machine, model="linear")
    store(machine, moved(readings(1, END_MS + 24 * HOUR_MS), "energy_kwh", 0.5))
    end = END + dt.timedelta(days=1)
    compared = expected_actual(machine, "baseline", END, end)
    assert compared.version == version
    assert compared.actual.size == compared.expected.mean.size > 20
    saved = saved_against_baseline(machine, END, end)
    assert saved.savings.saved > 0
    assert saved.cusum.total[-1] == pytest.approx(-saved.savings.saved)
