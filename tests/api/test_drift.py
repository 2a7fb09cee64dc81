"""Contract B over HTTP: drift checks."""

import datetime as dt
import re
import threading
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_rows import Rows
from modelwright.catalog.machines import machine_create
from modelwright.catalog.models import Machine
from modelwright.core.clock import moment_of
from modelwright.engine.machines.series import HOUR_MS
from modelwright.monitoring.drift import drift_check_run
from modelwright.monitoring.models import Alert, DriftProfile, MetricsRecord
from modelwright.registry.models import ModelVersion
from tests.monitoring.plant import train
from tests.people import rest

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/model-performance/drift/check"
HOURS = 24 * 40
BEGIN = 1_760_000_400_000 // HOUR_MS * HOUR_MS
BEGIN_MOMENT = moment_of(BEGIN)
END = moment_of(BEGIN + HOURS * HOUR_MS)
KEYS = {
    "drift_detected", "drift_score", "drift_type", "recommendation", "threshold",
    "current_performance", "baseline_performance", "features",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _nobody_hears(silent_bell: list[str]) -> None:
    """What is submitted stays pending."""


def send(
    machine: Machine,
    first: int,
    hours: int,
    *,
    load: float = 1.0,
    made: float = 0.0,
    noise: float = 1.0,
) -> None:
    """Store readings without seasons: energy by production, whose level is the same all the time.

    Parameters
    ----------
    load : float
        Energy, as a multiple of what it should be.
    made : float
        Production more than usual, in standard deviations.
    noise : float
        Standard deviation of energy that production doesn't explain; it is 50 on average.
    """
    rng = np.random.default_rng(first)
    production = 100 + 10 * (rng.standard_normal(hours) + made)
    energy = load * (20 + 0.3 * production + noise * rng.standard_normal(hours))
    rows = Rows(
        BEGIN + (first + np.arange(hours)) * HOUR_MS,
        {"energy_kwh": energy, "production_count": production},
    )
    readings_store(machine=machine, rows=rows, user=None)
    machine.refresh_from_db()


@pytest.fixture
def machine() -> Machine:
    machine = machine_create(user=None, name="Press")
    send(machine, 0, HOURS)
    return machine


@pytest.fixture
def version(machine: Machine) -> ModelVersion:
    return train(machine, model="linear")


def check(machine: Machine, who: str = "trainer", **fields: Any) -> Any:
    body = {"model_type": "baseline", "machine_id": str(machine.pk), **fields}
    return rest(who).post(ADDRESS, body)


def test_no_drift_in_the_words_of_the_contract(machine: Machine, version: ModelVersion) -> None:
    send(machine, HOURS, 48)
    answer = check(machine)
    assert answer.status_code == 200
    found = answer.json()
    assert set(found) == KEYS
    assert (found["drift_detected"], found["drift_type"]) == (False, "no_drift")
    assert 0 <= found["drift_score"] < found["threshold"]
    assert set(found["current_performance"]) == {"r_squared", "rmse", "mae"}
    assert found["baseline_performance"]["rmse"] == version.run.metrics["rmse"]
    assert {feature["name"] for feature in found["features"]} == {"energy_kwh", "production_count"}
    assert set(found["features"][0]) == {
        *("name", "test", "statistic", "p_value", "drifted"),
        *("detectable_shift", "detectable_percent"),
    }
    assert not Alert.objects.exists()
    assert MetricsRecord.objects.exclude(source="hold_out").count() == 0
    profile = DriftProfile.objects.get()
    assert profile.checked_at is not None
    assert profile.checked["drift_type"] == "no_drift"


def test_other_data_are_data_drift(machine: Machine, version: ModelVersion) -> None:
    send(machine, HOURS, 48, made=3.0)
    found = check(machine).json()
    assert (found["drift_detected"], found["drift_type"]) == (True, "data_drift")
    assert found["drift_score"] >= found["threshold"]
    assert "production_count" in {f["name"] for f in found["features"] if f["drifted"]}
    assert "production_count" in found["recommendation"]
    record = MetricsRecord.objects.get(source="drift_check")
    assert (record.model_id, record.drift_type) == (version.run_id, "data_drift")
    assert record.rmse == found["current_performance"]["rmse"]
    alert = Alert.objects.get()
    assert (alert.alert_type, alert.model_type) == ("data_drift", "baseline")
    assert alert.current_value == found["drift_score"]


def test_other_errors_on_like_data_are_concept_drift(
    machine: Machine, version: ModelVersion
) -> None:
    send(machine, HOURS, 48, load=1.12)
    found = check(machine).json()
    assert (found["drift_detected"], found["drift_type"]) == (True, "concept_drift")
    assert found["current_performance"]["rmse"] > 2 * found["baseline_performance"]["rmse"]
    assert "retrain" in found["recommendation"]
    assert Alert.objects.filter(alert_type="concept_drift").exists()


def test_a_little_more_for_the_same_work_is_found_by_the_sign_of_the_errors() -> None:
    """And told with how much: absolute errors hardly grow by it. It needs 20 days of hold-out."""
    machine = machine_create(user=None, name="Press")
    send(machine, 0, 24 * 110, noise=4.0)
    train(machine, model="linear")
    send(machine, 24 * 110, 72, noise=4.0, load=1.06)
    start = (BEGIN_MOMENT + dt.timedelta(days=110)).isoformat()
    found = check(machine, evaluation_start=start).json()
    assert found["drift_type"] == "concept_drift"
    assert re.match(r"Readings are [5-7]% above what the model expects", found["recommendation"])
    alert = Alert.objects.get(alert_type="concept_drift")
    assert alert.data["share"] == pytest.approx(0.06, abs=0.015)


def test_errors_that_grow_a_little_are_found_when_it_lasts(
    machine: Machine, version: ModelVersion
) -> None:
    """By the detector that is told each reading's error once, in the order of time."""
    send(machine, HOURS, 24 * 10, load=1.03)
    found = check(machine).json()
    assert found["drift_type"] == "no_drift", "no single day shows it yet"
    until = DriftProfile.objects.get().concept_until
    assert until == BEGIN + (HOURS + 24 * 10 - 1) * HOUR_MS
    send(machine, HOURS + 24 * 10, 24 * 50, load=1.03)
    found = check(machine).json()
    assert found["drift_type"] == "concept_drift"
    assert "has for some time" in found["recommendation"]
    labels = DriftProfile.objects.get().concept["detector"]["labels"]
    check(machine)
    assert DriftProfile.objects.get().concept["detector"]["labels"] == labels
    two_weeks_ago = (END + dt.timedelta(days=40)).isoformat()
    assert check(machine, evaluation_end=two_weeks_ago).json()["drift_type"] == "no_drift"


def test_the_end_of_the_drift_closes_the_alert(machine: Machine, version: ModelVersion) -> None:
    send(machine, HOURS, 24, made=3.0)
    check(machine)
    send(machine, HOURS + 24, 24)
    long_ago = (END - dt.timedelta(days=3)).isoformat()
    assert not check(machine, evaluation_end=long_ago).json()["drift_detected"]
    assert Alert.objects.get().status == "firing", "what was before says nothing of now"
    check(machine)
    alert = Alert.objects.get()
    assert (alert.status, alert.resolved_by) == ("resolved", None)


def test_the_same_check_again_leaves_one_record(machine: Machine, version: ModelVersion) -> None:
    send(machine, HOURS, 24, made=3.0)
    check(machine)
    check(machine)
    assert MetricsRecord.objects.filter(source="drift_check").count() == 1
    assert Alert.objects.get().occurrences == 2


def test_the_data_part_reads_no_readings(machine: Machine, version: ModelVersion) -> None:
    """Only the errors do: of the window, and of readings that have come since they were told."""
    send(machine, HOURS, 24)
    for times in (2, 1):
        with CaptureQueriesContext(connection) as queries:
            check(machine)
        assert sum('FROM "readings"' in query["sql"] for query in queries) == times


def test_a_period_of_ones_own(machine: Machine, version: ModelVersion) -> None:
    send(machine, HOURS, 48, made=3.0)
    send(machine, HOURS + 48, 24)
    start, end = END, END + dt.timedelta(days=2)
    found = check(
        machine, evaluation_start=start.isoformat(), evaluation_end=end.isoformat()
    ).json()
    assert found["drift_detected"]
    record = MetricsRecord.objects.get(source="drift_check")
    assert (record.evaluation_start, record.evaluation_end) == (start, end)
    assert not check(machine).json()["drift_detected"]


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"machine_id": str(uuid4())}, 404, "Machine not found"),
        ({"machine_id": "7"}, 422, "machine_id"),
        ({"model_type": "weather"}, 422, "model_type"),
        ({"model_type": "anomaly"}, 404, "train one first"),
        ({"model_id": str(uuid4())}, 404, "model_id"),
        ({"evaluation_start": "2030-01-01T00:00Z", "evaluation_end": "2030-01-02T00:00Z"}, 404,
         "No metrics found for this period"),
        ({"evaluation_start": "2030-01-01T00:00Z", "evaluation_end": "2029-01-02T00:00Z"}, 422,
         "evaluation_end"),
        ({"evaluation_start": "2020-01-01T00:00Z"}, 422, "366 days"),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_is_said(
    machine: Machine, version: ModelVersion, fields: dict[str, Any], status: int, text: str
) -> None:
    answer = check(machine, **fields)
    assert answer.status_code == status, answer.content
    assert text in answer.json()["detail"]


def test_a_machine_without_readings(machine: Machine, version: ModelVersion) -> None:
    Machine.objects.update(last_reading_at=None)
    answer = check(machine)
    assert (answer.status_code, answer.json()["detail"]) == (
        404, "No metrics found for this period",
    )  # fmt: skip


def test_a_version_that_is_no_longer_watched_says_so(machine: Machine) -> None:
    old = train(machine, model="linear")
    train(machine, model="linear")
    answer = check(machine, model_id=str(old.run_id))
    assert answer.status_code == 404
    assert "no longer counted for version 1" in answer.json()["detail"]


def test_four_ways(machine: Machine, version: ModelVersion) -> None:
    """Works for a trainer; a stranger, a viewer and another method are refused."""
    for who, status in (("stranger", 403), ("viewer", 403), ("trainer", 200)):
        assert check(machine, who).status_code == status
    assert rest("trainer").get(ADDRESS).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_many_checks_at_once_make_one_record_and_one_alert(machine: Machine) -> None:
    train(machine, model="linear")
    send(machine, HOURS, 24, made=3.0)
    together = threading.Barrier(4)
    went_wrong: list[Exception] = []

    def run() -> None:
        together.wait()
        try:
            drift_check_run(machine=machine, model_type="baseline")
        except Exception as error:  # noqa: BLE001  (told to the test)
            went_wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert went_wrong == []
    assert MetricsRecord.objects.filter(source="drift_check").count() == 1
    assert Alert.objects.get().occurrences == 4
