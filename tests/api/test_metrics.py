"""Contract B over HTTP: recording metrics, and their trend."""

import datetime as dt
import json
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from modelwright.catalog.models import Machine
from modelwright.core.clock import moment_of, now
from modelwright.monitoring.models import Alert, MetricsRecord
from modelwright.registry.models import ModelVersion
from tests.monitoring.plant import END_MS, chiller, train
from tests.people import rest

pytestmark = pytest.mark.django_db

BASE = "/api/v1/model-performance/metrics"
END = moment_of(END_MS)


@pytest.fixture(autouse=True)
def _nobody_hears(silent_bell: list[str]) -> None:
    """What is submitted stays pending."""


@pytest.fixture
def machine() -> Machine:
    return chiller()


@pytest.fixture
def version(machine: Machine) -> ModelVersion:
    return train(machine, model="linear")


def body(machine: Machine, **fields: Any) -> dict[str, Any]:
    return {
        "model_type": "baseline",
        "machine_id": str(machine.pk),
        "evaluation_start": (END - dt.timedelta(days=7)).isoformat(),
        "evaluation_end": END.isoformat(),
        "metrics": {"r_squared": 0.5, "rmse": 11.0, "mae": 9.0, "mape": 20.0, "bias": -1.5},
        "sample_count": 168,
        **fields,
    }


def test_a_record_says_what_it_means(machine: Machine, version: ModelVersion) -> None:
    answer = rest("trainer").post(f"{BASE}/record", body(machine, model_id=str(version.run_id)))
    assert answer.status_code == 201
    found = answer.json()
    assert found["model_id"] == str(version.run_id)
    assert (found["model_version"], found["machine_name"]) == (1, "Chiller")
    assert (found["rmse"], found["metrics"]) == (11.0, {"bias": -1.5})
    assert isinstance(found["drift_score"], float)
    assert isinstance(found["drift_detected"], bool)
    record = MetricsRecord.objects.get(pk=found["id"])
    assert (record.source, record.sample_count) == ("recorded", 168)
    assert record.created_by is not None
    assert record.created_by.username == "trainer"


def test_the_champion_is_meant_where_no_model_is_named(
    machine: Machine, version: ModelVersion
) -> None:
    answer = rest("trainer").post(f"{BASE}/record", body(machine))
    assert (answer.status_code, answer.json()["model_id"]) == (201, str(version.run_id))


def test_errors_that_grew_raise_an_alert_and_their_end_closes_it(
    machine: Machine, version: ModelVersion
) -> None:
    def record(rmse: float, day: int) -> Any:
        end = END + dt.timedelta(days=30 + day)  # nothing was counted then
        return rest("trainer").post(
            f"{BASE}/record",
            body(
                machine,
                metrics={"rmse": rmse},
                evaluation_start=(end - dt.timedelta(days=7)).isoformat(),
                evaluation_end=end.isoformat(),
            ),
        ).json()  # fmt: skip

    usual = version.run.metrics["rmse"]
    fine = record(usual * 1.1, 0)
    assert (fine["drift_detected"], fine["alerts"]) == (False, [])
    assert 0 < fine["drift_score"] < 1
    bad = record(usual * 1.7, 1)
    assert bad["drift_detected"]
    assert (bad["drift_type"], bad["drift_score"] >= 1) == ("concept_drift", True)
    (alert,) = bad["alerts"]
    assert (alert["alert_type"], alert["severity"]) == ("performance", "warning")
    assert alert["current_value"] == pytest.approx(1.7)
    (again,) = record(usual * 2.5, 2)["alerts"]
    assert (again["alert_id"], again["severity"]) == (alert["alert_id"], "critical")
    record(usual * 1.25, 3)
    assert Alert.objects.get().status == "firing", "half way back is not over"
    record(usual, -3)
    assert Alert.objects.get().status == "firing", "what was before says nothing of now"
    record(usual, 4)
    assert Alert.objects.get().status == "resolved"


def test_few_samples_prove_little(machine: Machine, version: ModelVersion) -> None:
    usual = version.run.metrics["rmse"]
    long_after = (END + dt.timedelta(days=60)).isoformat()
    found = rest("trainer").post(
        f"{BASE}/record",
        body(machine, metrics={"rmse": usual * 1.5}, sample_count=4,
             evaluation_start=long_after, evaluation_end=long_after),
    )  # fmt: skip
    assert (found.status_code, found.json()["drift_detected"]) == (201, False)


def test_the_query_string_is_as_good_as_the_body(machine: Machine, version: ModelVersion) -> None:
    fields = body(machine, metrics=json.dumps({"rmse": 11.0}))
    answer = rest("trainer").post(f"{BASE}/record", QUERY_STRING=query(fields))
    assert (answer.status_code, answer.json()["rmse"]) == (201, 11.0)


def query(fields: dict[str, Any]) -> str:

    return urlencode(fields)


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"machine_id": str(uuid4())}, 404, "Machine not found"),
        ({"machine_id": "7"}, 422, "machine_id"),
        ({"model_id": str(uuid4())}, 404, "model_id"),
        ({"model_type": "weather"}, 422, "model_type"),
        ({"model_type": "anomaly"}, 404, "train one first"),
        ({"metrics": {}}, 422, "one metric"),
        ({"metrics": {"rmse": -1}}, 422, "rmse"),
        ({"metrics": {"r_squared": 1.5}}, 422, "r_squared"),
        ({"metrics": {"rmse": "high"}}, 422, "metrics"),
        ({"metrics": 5}, 422, "metrics"),
        ({"evaluation_end": "2020-01-01T00:00Z"}, 422, "evaluation_end"),
        ({"evaluation_start": "yesterday"}, 422, "evaluation_start"),
        ({"sample_count": -1}, 422, "sample_count"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
def test_what_cannot_be_recorded_is_said(
    machine: Machine, version: ModelVersion, fields: dict[str, Any], status: int, text: str
) -> None:
    answer = rest("trainer").post(f"{BASE}/record", body(machine, **fields))
    assert answer.status_code == status, answer.content
    assert text in answer.json()["detail"]
    assert MetricsRecord.objects.count() == 1


def test_four_ways(machine: Machine, version: ModelVersion) -> None:
    """Works for a trainer; a stranger, a viewer and another method are refused."""
    for who, status in (("stranger", 403), ("viewer", 403), ("trainer", 201)):
        assert rest(who).post(f"{BASE}/record", body(machine)).status_code == status
    assert rest("trainer").get(f"{BASE}/record").status_code == 405


def ask(machine: Machine, **wanted: Any) -> Any:
    wanted = {"model_type": "baseline", "machine_id": str(machine.pk), **wanted}
    return rest("viewer").get(f"{BASE}/trend", wanted)


def recorded(machine: Machine, errors: list[float], **fields: Any) -> None:
    """Record one error a day, the last one today."""
    for day, rmse in enumerate(errors):
        end = now() - dt.timedelta(days=len(errors) - day)
        MetricsRecord.objects.create(
            machine=machine, model_type="baseline", source="recorded", rmse=rmse,
            evaluation_start=end - dt.timedelta(days=1), evaluation_end=end, **fields,
        )  # fmt: skip


def test_the_trend_in_the_words_of_the_contract(machine: Machine, version: ModelVersion) -> None:
    rest("trainer").post(f"{BASE}/record", body(machine))
    answer = ask(machine)
    assert answer.status_code == 200
    found = answer.json()
    assert set(found) == {
        "model_type", "machine_id", "machine_name", "metrics", "trend_direction",
        "degradation_rate",
    }  # fmt: skip
    assert (found["machine_id"], found["machine_name"]) == (str(machine.pk), "Chiller")
    assert len(found["metrics"]) == 2
    assert set(found["metrics"][0]) == {
        "evaluation_date", "model_version", "r_squared", "rmse", "mae", "drift_detected",
        "drift_score",
    }  # fmt: skip
    assert found["metrics"][1]["rmse"] == 11.0
    assert found["trend_direction"] == "stable"


@pytest.mark.parametrize(
    ("errors", "direction"),
    [
        ([10 + 0.5 * day for day in range(14)], "degrading"),
        ([20 - 0.5 * day for day in range(14)], "improving"),
        ([10 + 0.01 * day for day in range(14)], "stable"),  # sure, but of no matter
        ([10.0, 30.0], "stable"),  # two points are no trend
        ([10.0] * 13 + [90.0], "stable"),  # one bad day is none either
        ([10, 13, 9, 12, 10, 11, 9, 13, 10, 12, 9, 13, 11, 10], "stable"),
    ],
)
def test_the_direction_needs_more_than_chance(errors: list[float], direction: str) -> None:
    machine = Machine.objects.create(name="Kiln", number=1)
    recorded(machine, errors)
    assert ask(machine).json()["trend_direction"] == direction


def test_the_rate_is_the_errors_growth_a_day() -> None:
    machine = Machine.objects.create(name="Kiln", number=1)
    recorded(machine, [9.5 + 0.1 * day for day in range(11)])
    assert ask(machine).json()["degradation_rate"] == pytest.approx(0.01, rel=0.01)


def test_the_explained_share_may_tell_it_too() -> None:
    machine = Machine.objects.create(name="Kiln", number=1)
    for day in range(8):
        end = now() - dt.timedelta(days=8 - day)
        MetricsRecord.objects.create(
            machine=machine, model_type="baseline", source="recorded", r_squared=0.95 - 0.05 * day,
            evaluation_start=end, evaluation_end=end,
        )  # fmt: skip
    found = ask(machine).json()
    assert found["trend_direction"] == "degrading"
    assert found["degradation_rate"] > 0


def test_no_metrics(machine: Machine) -> None:
    answer = ask(machine)
    assert (answer.status_code, answer.json()["detail"]) == (
        404, "No metrics found for this period",
    )  # fmt: skip
    recorded(machine, [1.0], evaluation_date=now() - dt.timedelta(days=40))
    assert ask(machine).status_code == 404
    assert ask(machine, days=60).status_code == 200
    assert ask(machine, machine_id=str(uuid4())).json()["detail"] == "Machine not found"
    for wrong in ({"days": 0}, {"days": "many"}, {"machine_id": "7"}, {"model_type": "x"}):
        assert ask(machine, **wrong).status_code == 422
