"""Rules of alerts: how those of a kind, a model type or a machine are treated."""

from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.engine.hyperparameters import MODEL_TYPES
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.monitoring.alert_types import DEFAULTS, AlertType, Severity, Treatment
from modelwright.monitoring.errors import AlertRuleExistsError, AlertRuleNotFoundError
from modelwright.monitoring.models import AlertRule

ALL_MODEL_TYPES = (*MACHINE_MODEL_TYPES, *MODEL_TYPES)
CHANGEABLE = ("warning_at", "critical_at", "cooldown_minutes", "is_muted")
MAX_COOLDOWN_MINUTES = 30 * 24 * 60


def treatment_of(alert_type: AlertType, model_type: str, machine: Machine | None) -> Treatment:
    """Return how an alert is treated.

    The most particular rule counts: for the machine and model type, the machine, the model type,
    all. What it leaves open is as without a rule.
    """
    default = DEFAULTS[alert_type]
    fitting = AlertRule.objects.filter(
        Q(machine__isnull=True) | Q(machine=machine),
        alert_type=alert_type,
        model_type__in=("", model_type),
    )
    rules = sorted(fitting, key=lambda rule: (rule.machine_id is not None, bool(rule.model_type)))
    if not rules:
        return default
    rule = rules[-1]
    return replace(
        default,
        warning_at=default.warning_at if rule.warning_at is None else rule.warning_at,
        critical_at=default.critical_at if rule.critical_at is None else rule.critical_at,
        cooldown_minutes=rule.cooldown_minutes,
        is_muted=rule.is_muted,
    )


def severity_of(treatment: Treatment, value: float | None, fallback: Severity) -> Severity | None:
    """Return how bad a value is; None where it is no reason for an alert.

    Parameters
    ----------
    treatment : Treatment
    value : float or None
        None can't be compared: the fallback holds.
    fallback : Severity
        What is said where no threshold does.
    """
    if treatment.is_muted:
        return None
    if value is None:
        return fallback
    if treatment.critical_at is not None and value >= treatment.critical_at:
        return Severity.CRITICAL
    if treatment.warning_at is not None and value < treatment.warning_at:
        return None
    if treatment.critical_at is not None and fallback == Severity.CRITICAL:
        return Severity.WARNING  # the rule says from where on it would be worse
    return fallback


def threshold_of(treatment: Treatment, value: float | None, compared: float | None) -> float | None:
    """Return the highest threshold that a value has passed.

    Parameters
    ----------
    treatment : Treatment
    value : float or None
    compared : float or None
        The one that its finder has compared it with: it holds where none was passed.
    """
    known = (compared, treatment.warning_at, treatment.critical_at)
    passed = [one for one in known if one is not None and value is not None and value >= one]
    return max(passed, default=compared)


def alert_rule_get(rule_id: int) -> AlertRule:
    """Return a rule.

    Raises
    ------
    AlertRuleNotFoundError
        There is none of this id.
    """
    found = AlertRule.objects.select_related("machine").filter(pk=rule_id).first()
    if found is None:
        raise AlertRuleNotFoundError("There is no such alert rule.")
    return found


def alert_rule_create(
    *,
    alert_type: str,
    model_type: str = "",
    machine: Machine | None = None,
    user: User | None,
    **treatment: Any,
) -> AlertRule:
    """Add a rule for a kind of alerts, of a model type, a machine, or both.

    Raises
    ------
    InvalidInputError
        A field is wrong.
    AlertRuleExistsError
        There is one for the same alerts.
    """
    details: dict[str, list[str]] = {}
    if alert_type not in AlertType.values:
        details["alert_type"] = [f"alert_type must be one of {', '.join(AlertType.values)}"]
    if model_type and model_type not in ALL_MODEL_TYPES:
        details["model_type"] = [f"model_type must be one of {', '.join(ALL_MODEL_TYPES)}"]
    rule = AlertRule(alert_type=alert_type, model_type=model_type, machine=machine)
    if not details:
        rule.cooldown_minutes = DEFAULTS[AlertType(alert_type)].cooldown_minutes
    _set(rule, treatment)
    _check(rule, details)
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
            audit_record(
                verb=Verb.ALERT_RULE_CREATED, target=rule, actor=user, after=_described(rule)
            )
    except IntegrityError as error:
        raise AlertRuleExistsError(
            "There is a rule for the same alerts already: change that one."
        ) from error
    return rule


def alert_rule_change(*, rule: AlertRule, user: User | None, **treatment: Any) -> AlertRule:
    """Change how the alerts of a rule are treated.

    Raises
    ------
    InvalidInputError
        A field is wrong.
    AlertRuleNotFoundError
        It was deleted meanwhile.
    """
    with transaction.atomic():
        held = AlertRule.objects.select_for_update(of=("self",)).filter(pk=rule.pk).first()
        if held is None:
            raise AlertRuleNotFoundError("There is no such alert rule.")
        before = _described(held)
        _set(held, treatment)
        _check(held, {})
        held.updated_at = now()
        held.save()
        audit_record(
            verb=Verb.ALERT_RULE_CHANGED,
            target=held,
            actor=user,
            before=before,
            after=_described(held),
        )
    return held


def alert_rule_delete(*, rule: AlertRule, user: User | None) -> None:
    """Delete a rule: its alerts are treated as the next more general one says."""
    with transaction.atomic():
        if AlertRule.objects.filter(pk=rule.pk).delete()[0]:
            audit_record(
                verb=Verb.ALERT_RULE_DELETED, target=rule, actor=user, before=_described(rule)
            )


def _set(rule: AlertRule, treatment: dict[str, Any]) -> None:
    for name, value in treatment.items():
        if name not in CHANGEABLE:
            raise TypeError(f"A rule has no {name}.")
        setattr(rule, name, value)


def _check(rule: AlertRule, details: dict[str, list[str]]) -> None:
    low, high = rule.warning_at, rule.critical_at
    if low is not None and high is not None and low > high:
        details["critical_at"] = [f"critical_at must be at least warning_at ({low:g})"]
    if not 0 <= rule.cooldown_minutes <= MAX_COOLDOWN_MINUTES:
        details["cooldown_minutes"] = [f"cooldown_minutes must be 0 to {MAX_COOLDOWN_MINUTES}"]
    if details:
        raise InvalidInputError(details)


def _described(rule: AlertRule) -> dict[str, Any]:
    return {
        "alert_type": rule.alert_type,
        "model_type": rule.model_type,
        "machine": rule.machine.name if rule.machine else "",
        **{name: getattr(rule, name) for name in CHANGEABLE},
    }
