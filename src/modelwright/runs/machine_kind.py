"""Training a machine's model: its readings go to the child, what comes back goes to the row."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import ms_of
from modelwright.runs.kinds import Fields
from modelwright.runs.models import TrainingRun

RESULT_FIELDS = (
    "dataset_sha256",
    "total_samples",
    "train_samples",
    "test_samples",
    "hyperparameters",
    "warnings",
    "environment",
    "description",
)


def machine_prepare(run: TrainingRun, machine: Machine) -> Fields:
    """Return what the child needs to know; it is forked, so the readings need no copying."""
    return {
        "machine": machine.name,
        "series": series_of(machine, start=_asked_start(run)),
        "model_type": run.model_type,
        "options": run.requested_hyperparameters,
        "random_state": run.random_state,
    }


def _asked_start(run: TrainingRun) -> int | None:
    """Return from where on it is to learn: until it has completed, the row has what was asked."""
    return None if run.period_start is None else ms_of(run.period_start)


def machine_completed_fields(result: Mapping[str, Any]) -> Fields:
    """Return the columns of a completed run."""
    evaluation = result["evaluation"]
    return {
        **{name: result[name] for name in RESULT_FIELDS},
        "target_column": result["target"],
        "features_used": result["features"],
        "metrics": evaluation["metrics"],
        "period_start": moment(result["train_start"]),
        "period_end": moment(result["train_end"]),
        "training_duration_seconds": result["duration_seconds"],
    }


def moment(milliseconds: int) -> dt.datetime:
    """Return the time that so many milliseconds since 1970-01-01 UTC are."""
    return dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)
