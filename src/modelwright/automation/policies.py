"""Policies: made, changed, tried on the past, and switched off, all at once where need be."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.automation.errors import PolicyExistsError, PolicyNotFoundError
from modelwright.automation.policy_models import Policy, PolicySwitch
from modelwright.automation.policy_rules import Reach, rules_check
from modelwright.automation.triggers import triggers_fired
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.engine.hyperparameters import MODEL_TYPES
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.monitoring.models import Alert
from modelwright.monitoring.traffic.scores import LABEL_METRICS, NUMBER_METRICS
from modelwright.registry.models import ModelVersion, Subject

DRY_RUN_STEP = dt.timedelta(hours=6)
DRY_RUN_LATELY, DRY_RUN_STEP_LATELY = dt.timedelta(days=1), dt.timedelta(minutes=15)
MAX_DRY_RUN_DAYS = 366
MONTH = dt.timedelta(days=30)


def policy_create(
    *,
    name: str,
    rules: Any,
    user: User | None,
    subject: Subject | None = None,
    model_type: str = "",
    is_active: bool = True,
) -> Policy:
    """Make a policy for a subject, or for all subjects of a model type.

    Raises
    ------
    InvalidInputError
        A field is wrong.
    PolicyExistsError
        There is one for it.
    """
    details: dict[str, list[str]] = {}
    if not 0 < len(name.strip()) <= 100:
        details["name"] = ["A name has 1 to 100 characters."]
    if (subject is None) == (not model_type):
        details["subject"] = ["Name a subject, or a model type."]
    elif model_type and model_type not in {**MODEL_TYPES, **MACHINE_MODEL_TYPES}:
        details["model_type"] = ["There is no such model type."]
    if details:
        raise InvalidInputError(details)
    checked = rules_check(rules, reach_of(subject, model_type))
    try:
        with transaction.atomic():
            policy = Policy.objects.create(
                name=name,
                subject=subject,
                model_type=model_type,
                rules=checked,
                is_active=is_active,
                created_by=user,
            )
            audit_record(
                verb=Verb.POLICY_CREATED,
                target=policy,
                actor=user,
                after={"rules": checked, "is_active": is_active},
            )
    except IntegrityError as error:
        raise PolicyExistsError(
            f"There is a policy for {subject or model_type} already: change that one."
        ) from error
    return policy


def reach_of(subject: Subject | None, model_type: str) -> Reach:
    """Return what the rules of a policy can be about: of a subject, or of all of a model type."""
    if (subject.model_type if subject else model_type) in MACHINE_MODEL_TYPES:
        return Reach(of_machines=True, can_search=False)
    experiment = subject.experiment if subject else None
    if experiment is None:
        return Reach(False, subject is None, (*LABEL_METRICS, *NUMBER_METRICS))
    is_labels = experiment.task == "classification"
    return Reach(False, True, LABEL_METRICS if is_labels else NUMBER_METRICS)


def policy_change(*, policy: Policy, user: User | None, **changes: Any) -> Policy:
    """Change name, rules or whether it is active; loops that are on keep the rules they began with.

    Raises
    ------
    InvalidInputError
        A field is wrong.
    PolicyNotFoundError
        Somebody has deleted it meanwhile.
    """
    if unknown := set(changes) - {"name", "rules", "is_active"}:
        raise InvalidInputError({sorted(unknown)[0]: ["Can't be changed."]})
    if "name" in changes and not 0 < len(str(changes["name"]).strip()) <= 100:
        raise InvalidInputError({"name": ["A name has 1 to 100 characters."]})
    if "rules" in changes:
        changes["rules"] = rules_check(
            changes["rules"], reach_of(policy.subject, policy.model_type)
        )
    with transaction.atomic():
        if not Policy.objects.select_for_update().filter(pk=policy.pk).exists():
            raise PolicyNotFoundError("Somebody has deleted this policy meanwhile.")
        before = {name: getattr(policy, name) for name in changes}
        for name, value in changes.items():
            setattr(policy, name, value)
        policy.updated_at = now()
        policy.save(update_fields=[*changes, "updated_at"])
        audit_record(
            verb=Verb.POLICY_CHANGED, target=policy, actor=user, before=before, after=changes
        )
    return policy


def policy_delete(*, policy: Policy, user: User | None) -> None:
    """Remove a policy; loops that are on go on to their end."""
    with transaction.atomic():
        audit_record(
            verb=Verb.POLICY_DELETED, target=policy, actor=user, before={"rules": policy.rules}
        )
        policy.delete()


def policies_stop(*, user: User | None, reason: str) -> PolicySwitch:
    """Pull the kill switch: no policy begins or goes on until `policies_go_on`."""
    with transaction.atomic():
        switch, new = PolicySwitch.objects.get_or_create(
            id=1, defaults={"reason": reason, "pulled_by": user}
        )
        if new:
            audit_record(
                verb=Verb.POLICIES_STOPPED, target=switch, actor=user, after={"reason": reason}
            )
    return switch


def policies_go_on(*, user: User | None) -> bool:
    """Let policies act again; False where they did."""
    with transaction.atomic():
        switch = PolicySwitch.objects.select_for_update().first()
        if switch is None:
            return False
        audit_record(verb=Verb.POLICIES_RESUMED, target=switch, actor=user)
        switch.delete()
    return True


@dataclass(frozen=True)
class WouldHave:
    """One turn that a policy would have begun.

    Attributes
    ----------
    at : datetime
    trigger, reason : str
    champion : int
        Number of the version that answered then.
    """

    at: dt.datetime
    trigger: str
    reason: str
    champion: int


def policy_dry_run(
    *, subject: Subject, rules: Mapping[str, Any], days: int = 90
) -> list[WouldHave]:
    """Return when a policy with these rules would have acted, as far as the past is recorded.

    Alerts, metrics, versions and readings are taken as they were recorded; what the retrainings
    that it would have asked for would have changed is not known, so only cooldown and budget hold
    them apart.

    Raises
    ------
    InvalidInputError
        A rule is wrong, or `days` isn't from 1 to 366.
    """
    checked = rules_check(rules, reach_of(subject, subject.model_type))
    if not 1 <= days <= MAX_DRY_RUN_DAYS:
        raise InvalidInputError({"days": [f"days is from 1 to {MAX_DRY_RUN_DAYS}."]})
    versions = list(ModelVersion.objects.filter(subject=subject.key).select_related("run__machine"))
    promotions = list(subject.promotions.order_by("at", "id"))
    found: list[WouldHave] = []
    for moment in _moments(subject, now(), days):
        champion = _champion_at(moment, promotions, versions)
        if champion is not None and _free(found, moment, checked):
            fired = triggers_fired(subject, champion, checked["when"], at=moment)
            if fired:
                found.append(WouldHave(moment, *fired[0], champion.number))
    return found


def _moments(subject: Subject, end: dt.datetime, days: int) -> list[dt.datetime]:
    """Return when to look: every few hours, oftener on the last day, and at each alert."""
    begin, lately = end - dt.timedelta(days=days), end - DRY_RUN_LATELY
    steps = ((begin, DRY_RUN_STEP), (lately, DRY_RUN_STEP_LATELY))
    found = {
        start + step * n for start, step in steps for n in range(1 + int((end - start) / step))
    }
    about = Q(subject=subject)
    if subject.machine is not None:
        about |= Q(machine=subject.machine, model_type=subject.model_type)
    alerts = Alert.objects.filter(about, created_at__range=(begin, end))
    return sorted(found | set(alerts.values_list("created_at", flat=True)))


def _champion_at(
    moment: dt.datetime, promotions: list[Any], versions: list[ModelVersion]
) -> ModelVersion | None:
    number = None
    for change in promotions:
        if change.at > moment:
            break
        number = change.to_number
    return next((v for v in versions if v.number == number), None)


def _free(found: list[WouldHave], moment: dt.datetime, rules: Mapping[str, Any]) -> bool:
    if not found:
        return True
    if moment < found[-1].at + dt.timedelta(hours=rules["cooldown_hours"]):
        return False
    lately = sum(1 for one in found if one.at > moment - MONTH)
    return bool(lately < rules["retrains_per_month"] or not rules["then"].get("retrain"))
