"""The life of an alert: firing, acknowledged, resolved; one open alert for each incident.

The database refuses a second open alert of an incident. Who finds one adds to it; so any number of
checks at once make one alert, and somebody is told of it once.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import IntegrityError, transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.monitoring.alert_rules import severity_of, threshold_of, treatment_of
from modelwright.monitoring.alert_types import (
    MUTED_BY_NO_DATA,
    MUTED_BY_TRAINING,
    AlertType,
    Severity,
)
from modelwright.monitoring.errors import AlertResolvedError
from modelwright.monitoring.models import Alert
from modelwright.registry.models import Subject
from modelwright.runs.machine_services import machine_subject
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import OPEN

Status = Alert.Status
RANK = {severity: rank for rank, severity in enumerate(Severity)}
LONGEST_SILENCE = dt.timedelta(days=90)

AlertHook = Callable[[Alert, str], None]
_hooks: list[AlertHook] = []


@dataclass(frozen=True)
class Finding:
    """Something that may be a reason for an alert.

    Parameters
    ----------
    alert_type : AlertType
    machine : Machine or None
        None and no subject: it is about the server itself.
    message : str
        What was found, for people.
    model_type : str
        Empty where it isn't about a model.
    value, threshold : float, optional
        What was measured, and what it was compared with; the alert names the highest threshold
        that it has passed, those of its rule included.
    severity : Severity
        Where no rule says how bad the value is.
    data : mapping
        Further facts, JSON-safe.
    subject : Subject, optional
        What it is about where that is no machine.
    part : str
        Of the server, where it is about that and there are several.
    """

    alert_type: AlertType
    machine: Machine | None
    message: str
    model_type: str = ""
    value: float | None = None
    threshold: float | None = None
    severity: Severity = Severity.WARNING
    data: Mapping[str, Any] = field(default_factory=dict)
    subject: Subject | None = None
    part: str = ""

    @property
    def incident(self) -> str:
        """What it is about, as one word."""
        about = self.subject or self.machine or self.part
        return incident_of(self.alert_type, about, self.model_type)


def incident_of(alert_type: AlertType, about: Machine | Subject | str, model_type: str = "") -> str:
    """Return what alerts are about, as one word: there is one open alert for each.

    A text names a part of the server itself.
    """
    named = f"server:{about}" if isinstance(about, str) else str(about.pk)
    return f"{alert_type}:{model_type}:{named}"[:200]


def on_alert(hook: AlertHook) -> None:
    """Have `hook(alert, what)` run in the transaction in which an alert changes.

    `what` is `firing` (new, worse than before, or there still after it was silenced),
    `acknowledged` or `resolved`. While an alert is silenced, its firing is not told.
    """
    if hook not in _hooks:
        _hooks.append(hook)


def alert_raise(finding: Finding) -> Alert | None:
    """Raise an alert, or add to the one that is open.

    Returns
    -------
    Alert or None
        None where a rule mutes it or asks for more, another state of affairs explains it, or it was
        resolved a moment ago.
    """
    treatment = treatment_of(finding.alert_type, finding.model_type, finding.machine)
    severity = severity_of(treatment, finding.value, finding.severity)
    if severity is None or _explained(finding):
        return None
    passed = threshold_of(treatment, finding.value, finding.threshold)
    finding = replace(finding, threshold=passed)
    while True:  # each turn means that somebody else has opened or closed it meanwhile
        with transaction.atomic():
            held = _open_of(finding.incident)
            if held is not None:
                return _seen_again(held, finding, severity)
            if _cooling(finding.incident, severity, treatment.cooldown_minutes):
                return None
            if (alert := _opened(finding, severity)) is not None:
                return alert


def _open_of(incident: str) -> Alert | None:
    held = Alert.objects.select_for_update().filter(incident=incident)
    return held.exclude(status=Status.RESOLVED).first()


def _explained(finding: Finding) -> bool:
    """Return whether something that is known already explains it."""
    if (
        finding.machine is not None
        and finding.alert_type in MUTED_BY_NO_DATA
        and Alert.objects.filter(incident=incident_of(AlertType.NO_DATA, finding.machine))
        .exclude(status=Status.RESOLVED)
        .exists()
    ):
        return True
    if finding.alert_type not in MUTED_BY_TRAINING:
        return False
    if finding.subject is not None:
        key = finding.subject.key
    elif finding.machine is not None:
        key = machine_subject(finding.model_type, finding.machine)
    else:
        return False
    return TrainingRun.objects.filter(subject=key, status__in=OPEN).exists()


def _cooling(incident: str, severity: Severity, minutes: int) -> bool:
    since = now() - dt.timedelta(minutes=minutes)
    last = (
        Alert.objects.filter(incident=incident, resolved_at__gt=since)
        .order_by("-resolved_at")
        .first()
    )
    return last is not None and RANK[severity] <= RANK[Severity(last.severity)]


def _opened(finding: Finding, severity: Severity) -> Alert | None:
    """Return the new alert; None where somebody else was quicker."""
    moment = now()
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                incident=finding.incident,
                alert_type=finding.alert_type,
                model_type=finding.model_type,
                machine=finding.machine,
                subject=finding.subject,
                severity=severity,
                message=finding.message,
                current_value=finding.value,
                threshold=finding.threshold,
                data=dict(finding.data),
                created_at=moment,
                last_seen_at=moment,
            )
    except IntegrityError:
        if _open_of(finding.incident) is None:
            raise
        return None
    audit_record(
        verb=Verb.ALERT_RAISED,
        target=alert,
        after={"incident": alert.incident, "severity": severity, "message": alert.message[:500]},
    )
    _tell(alert, Status.FIRING)
    return alert


def _seen_again(alert: Alert, finding: Finding, severity: Severity) -> Alert:
    """Add to an open alert, whose row is held. One that got worse fires anew."""
    worse = RANK[severity] > RANK[Severity(alert.severity)]
    moment = now()
    over = alert.silenced_until is not None and alert.silenced_until <= moment
    alert.message = finding.message
    alert.current_value = finding.value
    alert.threshold = finding.threshold
    alert.data = dict(finding.data)
    alert.last_seen_at = moment
    alert.occurrences += 1
    if over:
        alert.silenced_until = None
    if worse:
        alert.severity = severity
        alert.status = Status.FIRING
        alert.acknowledged_at = alert.acknowledged_by = None
    alert.save()
    if worse or (over and alert.status == Status.FIRING):
        _tell(alert, Status.FIRING)
    return alert


def alert_acknowledge(*, alert: Alert, user: User | None) -> Alert:
    """Note that somebody looks after it. Doing so again changes nothing.

    Raises
    ------
    AlertResolvedError
        It is closed.
    """
    with transaction.atomic():
        changed = Alert.objects.filter(pk=alert.pk, status=Status.FIRING).update(
            status=Status.ACKNOWLEDGED, acknowledged_at=now(), acknowledged_by=user
        )
        alert.refresh_from_db()
        if changed:
            audit_record(verb=Verb.ALERT_ACKNOWLEDGED, target=alert, actor=user)
            _tell(alert, Status.ACKNOWLEDGED)
        elif alert.status == Status.RESOLVED:
            raise AlertResolvedError("The alert has been resolved already.")
    return alert


def alert_resolve(*, alert: Alert, user: User | None, resolution: str = "") -> Alert:
    """Close an alert. Doing so again changes nothing.

    Parameters
    ----------
    alert : Alert
    user : User or None
        None: its cause is gone.
    resolution : str
        What was done, or why it is over.
    """
    with transaction.atomic():
        changed = (
            Alert.objects.filter(pk=alert.pk)
            .exclude(status=Status.RESOLVED)
            .update(
                status=Status.RESOLVED,
                resolved_at=now(),
                resolved_by=user,
                resolution=resolution,
            )
        )
        alert.refresh_from_db()
        if changed:
            audit_record(
                verb=Verb.ALERT_RESOLVED,
                target=alert,
                actor=user,
                after={"resolution": resolution[:500]},
            )
            _tell(alert, Status.RESOLVED)
    return alert


def alert_clear(
    alert_type: AlertType, about: Machine | Subject | str, model_type: str = "", *, reason: str
) -> Alert | None:
    """Close the open alert of an incident, where there is one, because its cause is gone."""
    held = (
        Alert.objects.filter(incident=incident_of(alert_type, about, model_type))
        .exclude(status=Status.RESOLVED)
        .first()
    )
    return None if held is None else alert_resolve(alert=held, user=None, resolution=reason)


def alerts_clear(
    alert_types: Iterable[AlertType],
    about: Machine | Subject | str,
    model_type: str = "",
    *,
    reason: str,
) -> None:
    """Do the same for several types at once."""
    incidents = [incident_of(alert_type, about, model_type) for alert_type in alert_types]
    for held in Alert.objects.filter(incident__in=incidents).exclude(status=Status.RESOLVED):
        alert_resolve(alert=held, user=None, resolution=reason)


def alert_silence(*, alert: Alert, until: dt.datetime | None, user: User | None) -> Alert:
    """Have an open alert tell nobody until a time; None: it may tell again.

    Raises
    ------
    InvalidInputError
        The time is past or too far away.
    AlertResolvedError
        It is closed.
    """
    moment = now()
    if until is not None and not moment < until <= moment + LONGEST_SILENCE:
        raise InvalidInputError(
            {"until": [f"until must be a time within the next {LONGEST_SILENCE.days} days"]}
        )
    with transaction.atomic():
        changed = (
            Alert.objects.filter(pk=alert.pk)
            .exclude(status=Status.RESOLVED)
            .update(silenced_until=until)
        )
        alert.refresh_from_db()
        if not changed:
            raise AlertResolvedError("The alert has been resolved already.")
        audit_record(
            verb=Verb.ALERT_SILENCED,
            target=alert,
            actor=user,
            after={"until": until.isoformat() if until else None},
        )
    return alert


def _tell(alert: Alert, what: Status) -> None:
    silenced = alert.silenced_until is not None and alert.silenced_until > now()
    if what == Status.FIRING and silenced:
        return
    for hook in _hooks:
        hook(alert, what.value)
