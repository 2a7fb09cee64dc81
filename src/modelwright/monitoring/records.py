"""Recording how a version did over a period."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.models import Machine
from modelwright.core.errors import InvalidInputError
from modelwright.engine.drift import DriftResult
from modelwright.engine.drift.results import CONCEPT_DRIFT, DATA_DRIFT, NO_DRIFT
from modelwright.monitoring.alert_rules import treatment_of
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_clear, alert_raise
from modelwright.monitoring.counting import drift_lasts, window_drift
from modelwright.monitoring.degradation import Degradation, degradation
from modelwright.monitoring.models import Alert, MetricsRecord
from modelwright.registry.models import ModelVersion

OWN_COLUMNS = ("r_squared", "rmse", "mae", "mape")
NEVER_NEGATIVE = ("rmse", "mae", "mape")
MAX_METRICS = 50
MAX_METRIC_NAME = 64

Metrics = Mapping[str, float | None]


@dataclass(frozen=True)
class Recorded:
    """A record and what came of it.

    Parameters
    ----------
    record : MetricsRecord
    alerts : list of Alert
        Those that it raised, or that were open and showed again.
    """

    record: MetricsRecord
    alerts: list[Alert] = field(default_factory=list)


def hold_out_of(version: ModelVersion) -> MetricsRecord | None:
    """Return how a version did on its hold-out."""
    return MetricsRecord.objects.filter(
        model_id=version.run_id, source=MetricsRecord.Source.HOLD_OUT
    ).first()


def record_create(
    *,
    version: ModelVersion,
    machine: Machine,
    source: MetricsRecord.Source,
    start: dt.datetime,
    end: dt.datetime,
    metrics: Metrics,
    sample_count: int,
    user: User | None = None,
    **drift: Any,
) -> MetricsRecord:
    """Write a record. Raises as `metrics_check`."""
    metrics_check(metrics, start, end)
    own = {name: metrics.get(name) for name in OWN_COLUMNS}
    others = {name: value for name, value in metrics.items() if name not in OWN_COLUMNS}
    return MetricsRecord.objects.create(
        model_id=version.run_id,
        model_type=version.run.model_type,
        model_version=version.number,
        machine=machine,
        source=source,
        evaluation_start=start,
        evaluation_end=end,
        sample_count=sample_count,
        metrics=others,
        created_by=user,
        **own,
        **drift,
    )


def metrics_check(metrics: Metrics, start: dt.datetime, end: dt.datetime) -> None:
    """Refuse what can't be.

    Raises
    ------
    InvalidInputError
        The period ends before it starts, a metric is no number or out of its range, or there are
        none or too many.
    """
    details: dict[str, list[str]] = {}
    if end < start:
        details["evaluation_end"] = ["evaluation_end must not be before evaluation_start"]
    faults = [fault for name, value in metrics.items() if (fault := _fault(name, value))]
    if not metrics:
        faults.append("give one metric at least, such as rmse")
    if len(metrics) > MAX_METRICS:
        faults.append(f"at most {MAX_METRICS} metrics, not {len(metrics)}")
    if faults:
        details["metrics"] = faults[:10]
    if details:
        raise InvalidInputError(details)


def _fault(name: str, value: float | None) -> str:
    if not name or len(name) > MAX_METRIC_NAME:
        return f"a metric's name has 1 to {MAX_METRIC_NAME} characters"
    if value is None:
        return ""
    if not math.isfinite(value):
        return f"{name} must be a finite number"
    if name == "r_squared" and value > 1:
        return "r_squared is at most 1"
    if name in NEVER_NEGATIVE and value < 0:
        return f"{name} can't be negative"
    return ""


def metrics_record(
    *,
    version: ModelVersion,
    machine: Machine,
    start: dt.datetime,
    end: dt.datetime,
    metrics: Metrics,
    sample_count: int,
    user: User | None,
) -> Recorded:
    """Record how a version did, compare it with its hold-out and its data, and raise alerts.

    Drift of the data is looked for where the readings of the period have been counted.

    Raises
    ------
    InvalidInputError
        A value can't be.
    """
    metrics_check(metrics, start, end)
    worse = performance_of(version, machine, metrics, sample_count)
    drift = window_drift(version, start, end)
    is_latest = not later_than(version, end)
    with transaction.atomic():
        record = record_create(
            version=version,
            machine=machine,
            source=MetricsRecord.Source.RECORDED,
            start=start,
            end=end,
            metrics=metrics,
            sample_count=sample_count,
            user=user,
            **drift_fields(drift, worse),
        )
        audit_record(
            verb=Verb.METRICS_RECORDED,
            target=record,
            actor=user,
            after={"model_id": str(record.model_id), "until": end.isoformat()},
        )
        found = [data_drift_alert(version, machine, drift, start, end)]
        if is_latest:
            found.append(performance_alert(version, machine, worse))
    return Recorded(record, [alert for alert in found if alert is not None])


def later_than(version: ModelVersion, end: dt.datetime) -> bool:
    """Return whether there are records of a later period."""
    return (
        MetricsRecord.objects.filter(model_id=version.run_id, evaluation_end__gt=end)
        .exclude(source=MetricsRecord.Source.HOLD_OUT)
        .exists()
    )


def performance_of(
    version: ModelVersion, machine: Machine, metrics: Metrics, count: int
) -> Degradation | None:
    """Return how metrics compare with those of the version's hold-out."""
    baseline = hold_out_of(version)
    if baseline is None:
        return None
    rule = treatment_of(AlertType.PERFORMANCE, version.run.model_type, machine)
    limit = max(rule.warning_at or 1.0, 1.01)
    return degradation(metrics, count, baseline, limit=limit)


def drift_fields(drift: DriftResult | None, worse: Degradation | None) -> dict[str, Any]:
    """Return the columns of a record that say whether something has drifted."""
    scores = [one.score for one in (drift, worse) if one is not None]
    degraded = worse is not None and worse.is_degraded
    drifted = drift is not None and drift.drifted
    kind = CONCEPT_DRIFT if degraded else DATA_DRIFT if drifted else NO_DRIFT
    return {
        "drift_detected": degraded or drifted,
        "drift_score": max(scores) if scores else None,
        "drift_type": kind if scores else "",
        "drift_features": list(drift.drifted_columns) if drift else [],
    }


def data_drift_alert(
    version: ModelVersion,
    machine: Machine,
    drift: DriftResult | None,
    start: dt.datetime,
    end: dt.datetime,
) -> Alert | None:
    """Raise an alert where the data of a period drifted, and it isn't the only one where k must."""
    if drift is None or not drift.drifted or not drift_lasts(version, start, end):
        return None
    return alert_raise(
        Finding(
            AlertType.DATA_DRIFT,
            machine,
            drift.recommendation,
            version.run.model_type,
            drift.score,
            drift.threshold,
            data={"features": list(drift.drifted_columns), "version": version.number},
        )
    )


def performance_alert(
    version: ModelVersion, machine: Machine, worse: Degradation | None
) -> Alert | None:
    """Raise an alert where the model errs more than it should; close it where that is over."""
    if worse is None:
        return None
    model_type = version.run.model_type
    if worse.is_degraded:
        return alert_raise(
            Finding(
                AlertType.PERFORMANCE,
                machine,
                f"The model's error is {worse.ratio:.2f} times that of its hold-out"
                f" ({worse.measure}): retrain it on recent data.",
                model_type,
                worse.ratio,
                worse.limit,
                data={"measure": worse.measure, "version": version.number},
            )
        )
    if worse.is_over:
        alert_clear(
            AlertType.PERFORMANCE,
            machine,
            model_type,
            reason=f"The model's error is {worse.ratio:.2f} times that of its hold-out again.",
        )
    return None
