"""Asking for a machine's model to be trained again: the answer is yes, or that it is under way."""

import datetime as dt
from dataclasses import dataclass

from modelwright.accounts.models import User
from modelwright.catalog.models import Machine
from modelwright.runs.errors import NoReadingsError, SubjectBusyError
from modelwright.runs.estimates import estimated_completion
from modelwright.runs.machine_services import machine_training_submit
from modelwright.runs.models import TrainingRun

BUSY = "Training already in progress"
LOW, NORMAL, HIGH = -10, 0, 10
PRIORITY_RANGE = (-100, 100)
PRIORITIES = {"low": LOW, "normal": NORMAL, "high": HIGH}
"""Words for priorities; any whole number of the range will do as well."""


@dataclass(frozen=True)
class Retraining:
    """What became of it.

    Parameters
    ----------
    trigger_type, reason : str
        As they were given; `reason` says `BUSY` where nothing was triggered.
    run : TrainingRun or None
        The pending run, or None where one of the same model type and machine is open already.
    estimated_completion : datetime or None
        Of the run.
    busy_with : int or None
        Number of the run that is open already.
    """

    trigger_type: str
    reason: str
    run: TrainingRun | None = None
    estimated_completion: dt.datetime | None = None
    busy_with: int | None = None


def retrain_trigger(
    *,
    machine: Machine,
    model_type: str,
    user: User | None,
    trigger_type: str = "manual",
    reason: str = "",
    priority: int = NORMAL,
) -> Retraining:
    """Queue a training of a machine's model, unless one is pending or running.

    Raises
    ------
    InvalidInputError
        A field is wrong; nothing is recorded.
    NoReadingsError
        The machine has no readings; nothing is recorded.
    """
    if not machine.reading_count:
        raise NoReadingsError(
            f"No data for this machine ({machine.name}): send its readings to"
            f" /api/v1/machines/{machine.pk}/readings first."
        )
    try:
        run = machine_training_submit(
            machine=machine,
            model_type=model_type,
            user=user,
            trigger_type=trigger_type,
            reason=reason,
            priority=priority,
        )
    except SubjectBusyError as error:
        return Retraining(trigger_type, BUSY, busy_with=error.data.get("number"))
    return Retraining(trigger_type, reason, run, estimated_completion(run))
