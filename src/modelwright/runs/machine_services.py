"""Submitting the training of a machine's model."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.core.models import counter_next
from modelwright.engine.errors import HyperparameterError
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.engine.machines.files import machine_model_class
from modelwright.runs.errors import SubjectBusyError
from modelwright.runs.jobs import job_announce
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import OPEN

TRIGGER_TYPES = ("manual", "scheduled", "drift")


def machine_subject(model_type: str, machine: Machine) -> str:
    """Return what is modelled, as one word: one open run and one champion each."""
    return f"{model_type}:machine:{machine.pk}"


def machine_training_submit(
    *,
    machine: Machine,
    model_type: str,
    user: User | None,
    trigger_type: str = "manual",
    reason: str = "",
    priority: int = 0,
    options: Mapping[str, Any] | None = None,
    since: dt.datetime | None = None,
) -> TrainingRun:
    """Write a pending run and ring for a worker once the transaction is through.

    Readings before `since` are left out, where it is given.

    Raises
    ------
    InvalidInputError
        A field is wrong; nothing is recorded.
    SubjectBusyError
        A run of the same model type and machine is pending or running; nothing is recorded.
    """
    _check(model_type, trigger_type, options or {})
    subject = machine_subject(model_type, machine)
    try:
        with transaction.atomic():
            number = counter_next("training_run")
            run = TrainingRun.objects.create(
                number=number,
                subject=subject,
                machine=machine,
                model_type=model_type,
                trigger_type=trigger_type,
                trigger_reason=reason,
                model_version=f"{model_type.replace('_', '-')}-{now():%Y%m%d-%H%M%S}-{number}",
                user=user,
                priority=priority,
                requested_hyperparameters=dict(options or {}),
                period_start=since,
                time_limit_seconds=settings.JOB_TIME_LIMIT_SECONDS,
                memory_limit_mb=settings.JOB_MEMORY_LIMIT_MB,
            )
            job_announce(run)
            audit_record(
                verb=Verb.RUN_SUBMITTED,
                target=run,
                actor=user,
                after={
                    "number": number,
                    "machine": machine.name,
                    "model_type": model_type,
                    "trigger_type": trigger_type,
                    "reason": reason,
                },
            )
    except IntegrityError as error:
        other = TrainingRun.objects.filter(subject=subject, status__in=OPEN).first()
        if other is None and "subject" not in str(error):
            raise
        raise SubjectBusyError(
            f"Another training job is running for this model ({model_type} of {machine.name}):"
            " wait for it to end, or cancel it.",
            number=other.number if other else None,
            status=other.status if other else None,
        ) from error
    return run


def _check(model_type: str, trigger_type: str, options: Mapping[str, Any]) -> None:
    details: dict[str, list[str]] = {}
    if model_type not in MACHINE_MODEL_TYPES:
        details["model_type"] = [f"model_type must be one of {', '.join(MACHINE_MODEL_TYPES)}"]
    elif options:  # else its own, which are right; and the web server needn't load the type
        try:
            machine_model_class(model_type).check_options(options)
        except HyperparameterError as error:
            details["hyperparameters"] = error.messages
    if trigger_type not in TRIGGER_TYPES:
        details["trigger_type"] = [f"trigger_type must be one of {', '.join(TRIGGER_TYPES)}"]
    if details:
        raise InvalidInputError(details)
