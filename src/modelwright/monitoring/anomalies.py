"""Finding anomalies in what is new, and what people say of them."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Min, QuerySet

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import moment_of, ms_of, now
from modelwright.engine.machines.base import Anomaly, MachineModel
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.monitoring.alert_types import AlertType, Severity
from modelwright.monitoring.alerts import RANK, Finding, alert_clear, alert_raise
from modelwright.monitoring.errors import AnomalyNotFoundError
from modelwright.monitoring.models import MachineAnomaly
from modelwright.monitoring.progress import News, news_done, news_of, start_over
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import champion_of, machine_model_of
from modelwright.runs.machine_services import machine_subject

READER = "anomaly"
CONTEXT_DAYS = 35
"""What comes before is shown to the model too, or more where it looks back on more."""
AFTER_DAYS = 1
"""A late reading may change what the model says of those after it."""
DAYS_AT_ONCE = 92
RECENT = dt.timedelta(hours=24)
"""An anomaly that ended so long before the last reading is no reason for an alert any more."""


@dataclass(frozen=True)
class Found:
    """What a model found in a stretch of readings, which replaces what was found there before.

    Parameters
    ----------
    start, end : datetime
        The stretch.
    anomalies : list of Anomaly
    """

    start: dt.datetime
    end: dt.datetime
    anomalies: list[Anomaly]


def anomalies_detect(machine: Machine, *, afresh: bool = False) -> int:
    """Look for anomalies in what has come since the last time, and return how many were found.

    Safe to run twice and at once. Without an anomaly model nothing is done; the first one looks at
    all readings.

    Parameters
    ----------
    machine : Machine
    afresh : bool
        Look at all readings again.
    """
    version = champion_of(machine_subject("anomaly", machine))
    if version is None:
        return 0
    if afresh:
        start_over(machine, READER)
    news = news_of(machine, READER)
    if news is None:
        return 0
    model = machine_model_of(version)
    found = [_look(model, machine, *period) for period in _periods(news)]

    def write() -> None:
        for one in found:
            _replace(machine, version, one)
        machine.refresh_from_db()
        _alert(machine)

    count = sum(len(one.anomalies) for one in found)
    if not news_done(machine, READER, news, write):
        return 0
    return count


def anomaly_get(machine: Machine, anomaly_id: UUID) -> MachineAnomaly:
    """Return an anomaly of a machine.

    Raises
    ------
    AnomalyNotFoundError
        There is none of this id.
    """
    found = MachineAnomaly.objects.filter(machine=machine, pk=anomaly_id).first()
    if found is None:
        raise AnomalyNotFoundError("Anomaly not found")
    return found


def anomalies_of(
    machine: Machine, start: dt.datetime | None = None, end: dt.datetime | None = None
) -> QuerySet[MachineAnomaly]:
    """Return the anomalies of a machine that touch a period, newest first."""
    found = MachineAnomaly.objects.filter(machine=machine).select_related("version")
    if start is not None:
        found = found.filter(end_at__gte=start)
    if end is not None:
        found = found.filter(start_at__lt=end)
    return found


def anomaly_mark(
    *, anomaly: MachineAnomaly, is_false_alarm: bool, user: User | None
) -> MachineAnomaly:
    """Say whether an anomaly was a false alarm; a false alarm is no reason for an alert."""
    with transaction.atomic():
        changed = (
            MachineAnomaly.objects.filter(pk=anomaly.pk)
            .exclude(is_false_alarm=is_false_alarm)
            .update(is_false_alarm=is_false_alarm)
        )
        anomaly.refresh_from_db()
        if changed:
            audit_record(
                verb=Verb.ANOMALY_MARKED,
                target=anomaly,
                actor=user,
                after={"is_false_alarm": is_false_alarm},
            )
            _alert(anomaly.machine)
    return anomaly


def _periods(news: News) -> list[tuple[int, int]]:
    """Return the new periods, none too long to be looked at at once."""
    step = DAYS_AT_ONCE * DAY_MS
    return [
        (begin, min(begin + step - 1, end))
        for start, end in news.periods
        for begin in range(start, end + 1, step)
    ]


def _look(model: MachineModel, machine: Machine, start: int, end: int) -> Found:
    """Look at a stretch, and at all of each anomaly that reaches into it."""
    end += AFTER_DAYS * DAY_MS
    reach = anomalies_of(machine, moment_of(start), moment_of(end + 1)).aggregate(
        first=Min("start_at"), last=Max("end_at")
    )
    if reach["first"] is not None:
        start, end = min(start, ms_of(reach["first"])), max(end, ms_of(reach["last"]))
    context = max(CONTEXT_DAYS * DAY_MS, model.history_needed)
    series = series_of(machine, start=start - context, end=end + 1)
    anomalies = [one for one in model.detect(series) if one.end >= start and one.start <= end]
    begin = min([start, *(one.start for one in anomalies)])
    return Found(moment_of(begin), moment_of(end), anomalies)


def _replace(machine: Machine, version: ModelVersion, found: Found) -> None:
    """Store what was found. What people said of an anomaly stays with the one in its place."""
    before = list(
        MachineAnomaly.objects.select_for_update().filter(
            machine=machine, end_at__gte=found.start, start_at__lte=found.end
        )
    )
    rows = [_row(machine, version, one) for one in found.anomalies]
    kept = set()
    for row in rows:
        same = next((b for b in before if b.pk not in kept and _overlap(b, row)), None)
        if same is not None:
            kept.add(same.pk)
            row.pk, row.detected_at = same.pk, same.detected_at
            row.is_false_alarm = same.is_false_alarm
    said = {row.pk for row in before if row.is_false_alarm} - kept
    gone = [row.pk for row in before if row.pk not in said]
    MachineAnomaly.objects.filter(pk__in=gone).delete()
    taken = {row.start_at for row in before if row.pk in said}
    MachineAnomaly.objects.bulk_create([row for row in rows if row.start_at not in taken])
    new = [row for row in rows if row.pk not in kept and row.start_at not in taken]
    if new:
        audit_record(
            verb=Verb.ANOMALIES_FOUND,
            target=machine,
            after={"version": version.number, "new": len(new), "first": str(new[0].start_at)},
        )


def _overlap(one: MachineAnomaly, other: MachineAnomaly) -> bool:
    return one.start_at <= other.end_at and other.start_at <= one.end_at


def _row(machine: Machine, version: ModelVersion, one: Anomaly) -> MachineAnomaly:
    return MachineAnomaly(
        machine=machine,
        version=version,
        start_at=moment_of(one.start),
        end_at=moment_of(one.end),
        severity=one.severity,
        score=one.score,
        channels=list(one.channels),
        message=one.message,
        detected_at=now(),
    )


def _alert(machine: Machine) -> None:
    """Raise an alert for what is out of the ordinary now, or close it."""
    if machine.last_reading_at is None:
        return
    recent = [
        row
        for row in anomalies_of(machine, start=machine.last_reading_at - RECENT)
        if not row.is_false_alarm and row.severity != Severity.INFO
    ]
    if not recent:
        reason = "The last day's readings are as usual."
        alert_clear(AlertType.ANOMALY, machine, "anomaly", reason=reason)
        return
    worst = max(recent, key=lambda row: (RANK[Severity(row.severity)], row.score))
    alert_raise(
        Finding(
            AlertType.ANOMALY,
            machine,
            worst.message,
            "anomaly",
            worst.score,
            1.0,
            Severity(worst.severity),
            data={"anomaly": str(worst.pk), "channels": worst.channels},
        )
    )
