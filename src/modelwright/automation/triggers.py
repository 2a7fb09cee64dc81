"""What makes a policy act: each trigger looks at what is recorded and says why, or nothing."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from modelwright.core.clock import ms_of, now
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.models import Alert, MetricsRecord
from modelwright.monitoring.traffic.windows import ENOUGH_ACTUALS, actuals_since, outcome_window
from modelwright.registry.models import ModelVersion, Subject

DRIFTS = (
    AlertType.DATA_DRIFT,
    AlertType.PREDICTION_DRIFT,
    AlertType.CONCEPT_DRIFT,
    AlertType.PERFORMANCE,
)


def triggers_fired(
    subject: Subject,
    champion: ModelVersion,
    when: Mapping[str, Any],
    *,
    at: dt.datetime | None = None,
) -> list[tuple[str, str]]:
    """Return what is a reason to act, as (trigger, reason), the most telling first.

    Parameters
    ----------
    subject : Subject
    champion : ModelVersion
    when : mapping
        Of a policy's rules.
    at : datetime, optional
        As things stood then, as far as they are recorded; default: now.
    """
    moment = at or now()
    found = [
        ("drift", _drift(subject, moment) if when.get("drift") else ""),
        ("metric", _metric(champion, when["metric"], moment) if when.get("metric") else ""),
        ("age", _age(champion, when["age_days"], moment) if when.get("age_days") else ""),
        ("new_rows", _rows(champion, when["new_rows"], moment) if when.get("new_rows") else ""),
    ]
    return [(name, reason) for name, reason in found if reason]


def _drift(subject: Subject, moment: dt.datetime) -> str:
    about = Q(subject=subject)
    if subject.machine is not None:
        about |= Q(machine=subject.machine, model_type=subject.model_type)
    alerts = (
        Alert.objects.filter(about, alert_type__in=DRIFTS, created_at__lte=moment)
        .exclude(resolved_at__lte=moment)
        .order_by("-created_at")
    )
    # what moved while the model is known to be as right as before is no reason to act
    return next((alert.message for alert in alerts if not alert.data.get("benign")), "")


def _metric(champion: ModelVersion, rule: Mapping[str, Any], moment: dt.datetime) -> str:
    name = rule.get("name", "r_squared")
    if champion.run.machine is None:
        value = _of_traffic(champion, name, moment)
    else:
        value = _of_records(champion, name, moment)
    if value is None:
        return ""
    if (below := rule.get("below")) is not None and value < below:
        return f"{name} is {value:.4g}, below {below:g}."
    if (above := rule.get("above")) is not None and value > above:
        return f"{name} is {value:.4g}, above {above:g}."
    return ""


def _of_traffic(champion: ModelVersion, name: str, moment: dt.datetime) -> float | None:
    found = outcome_window(champion, at=moment)
    if found is None or found.actuals < ENOUGH_ACTUALS:
        return None
    return found.metrics.get(name)


def _of_records(champion: ModelVersion, name: str, moment: dt.datetime) -> float | None:
    records = MetricsRecord.objects.filter(
        model_id=champion.run_id, created_at__lte=moment
    ).exclude(source=MetricsRecord.Source.HOLD_OUT)
    record = records.order_by("-evaluation_end", "-created_at").first()
    if record is None:
        return None
    found: float | None = (
        getattr(record, name, None) if name in _COLUMNS else record.metrics.get(name)
    )
    return found


_COLUMNS = ("r_squared", "rmse", "mae", "mape", "drift_score")


def _age(champion: ModelVersion, days: float, moment: dt.datetime) -> str:
    born = champion.run.period_end or champion.created_at
    age = (moment - born).total_seconds() / 86400
    return f"The champion has learned nothing for {age:.1f} days." if age >= days else ""


def _rows(champion: ModelVersion, rows: int, moment: dt.datetime) -> str:
    machine, end = champion.run.machine, champion.run.period_end
    if machine is None:
        new = actuals_since(champion.subject, champion.created_at, moment)
        what = "actual values have come"
    elif end is not None:
        new = machine.readings.filter(at__gt=ms_of(end), at__lte=ms_of(moment)).count()
        what = "readings have arrived"
    else:
        return ""
    return f"{new} {what} since it was trained." if new >= rows else ""
