"""The SQL that people write against the tables and views of contract B, as it stands there."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection

from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_acknowledge, alert_raise, alert_resolve
from modelwright.monitoring.models import MetricsRecord
from tests.monitoring.conftest import MakeMachine, MakeVersion

pytestmark = pytest.mark.django_db

OF_A_MODEL = (
    "SELECT model_type, model_version, r_squared, rmse, mae, drift_detected"
    " FROM model_performance_metrics WHERE model_id = '{}';"
)


def rows(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def record(machine: Machine, model_id: Any, days_ago: int, rmse: float) -> MetricsRecord:
    end = now() - dt.timedelta(days=days_ago)
    return MetricsRecord.objects.create(
        machine=machine, model_id=model_id, model_type="baseline", model_version=1,
        source="recorded", rmse=rmse, mae=1.0, r_squared=0.9, drift_detected=False,
        evaluation_start=end, evaluation_end=end,
    )  # fmt: skip


def test_how_a_model_did(make_machine: MakeMachine, make_version: MakeVersion) -> None:
    machine = make_machine()
    version = make_version(machine)
    record(machine, version.run_id, 1, 2.5)
    (row,) = rows(OF_A_MODEL.format(version.run_id))
    assert (row["model_type"], row["model_version"], row["rmse"]) == ("baseline", 1, 2.5)
    assert not row["drift_detected"]


def test_the_newest_performance_of_each_model(
    make_machine: MakeMachine, make_version: MakeVersion
) -> None:
    one, other = make_machine(), make_machine()
    version = make_version(one)
    record(one, version.run_id, 3, 1.0)
    record(one, version.run_id, 1, 2.0)
    record(other, None, 2, 3.0)
    found = {row["machine_name"]: row for row in rows("SELECT * FROM v_latest_model_performance")}
    assert {name: row["rmse"] for name, row in found.items()} == {one.name: 2.0, other.name: 3.0}
    assert str(found[one.name]["machine_id"]) == str(one.pk), "with dashes"
    assert str(found[one.name]["model_id"]) == str(version.run_id)


def test_the_open_alerts(make_machine: MakeMachine) -> None:
    machine = make_machine()
    raised = [
        alert_raise(Finding(AlertType.DATA_DRIFT, machine, "Drift.", model_type, 1.5, 1.0))
        for model_type in ("baseline", "anomaly", "forecast_arima")
    ]
    first, second, third = (alert for alert in raised if alert is not None)
    alert_acknowledge(alert=second, user=None)
    alert_resolve(alert=third, user=None)
    found = {str(row["alert_id"]): row for row in rows("SELECT * FROM v_unresolved_alerts")}
    assert {key: row["status"] for key, row in found.items()} == {
        str(first.pk): "firing", str(second.pk): "acknowledged",
    }  # fmt: skip
    assert found[str(first.pk)]["machine_name"] == machine.name
    model_alerts = rows(f"SELECT id FROM model_alerts WHERE machine_id = '{machine.pk}'")
    assert len(model_alerts) == 3
