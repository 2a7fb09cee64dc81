"""Training as a kind of job: what goes to the child, and what its result becomes on the row."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.notifications.outbox import notify
from modelwright.catalog.files import path_of_dataset, path_of_request
from modelwright.catalog.models import DataSet
from modelwright.engine.presets import FUTURE_SKILLS
from modelwright.runs.kinds import Fields, JobKind
from modelwright.runs.machine_kind import machine_completed_fields, machine_prepare
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status

ARTIFACT_NAME = "model.pkl"
MACHINE_ARTIFACT_NAME = "model.json"
PROFILE_NAME = "profile.bin"
ANSWERS_NAME = "answers.bin"
SCORES = ("accuracy", "precision", "recall", "f1_score")
RESULT_FIELDS = (
    "task",
    "per_class_metrics",
    "confusion_matrix",
    "feature_importance",
    "features_used",
    "total_samples",
    "train_samples",
    "test_samples",
    "n_estimators",
    "hyperparameters",
    "dataset_sha256",
    "warnings",
    "environment",
    "metrics",
)


def path_of_table(run: TrainingRun, gathered: DataSet | None = None) -> Path:
    """Return where the table lies that a run asked for, or that was gathered for it.

    Raises
    ------
    UnsafePathError
        It leaves the data root.
    """
    if gathered is not None:
        return path_of_dataset(gathered.path)
    return (path_of_dataset if run.experiment else path_of_request)(run.dataset_path)


def training_prepare(run: TrainingRun, *, gathered: DataSet | None = None) -> Fields:
    """Return what the child needs: a `TrainingConfig` as a dict, or a machine's readings.

    Parameters
    ----------
    run : TrainingRun
    gathered : DataSet, optional
        The table to learn from; default: the run's own.
    """
    if run.machine is not None:
        return machine_prepare(run, run.machine)
    return {
        "dataset_path": str(path_of_table(run, gathered or run.gathered)),
        "display_name": run.experiment.dataset.name if run.experiment else run.dataset_path,
        "target_column": run.target_column,
        "model_type": run.model_type,
        "preset": run.preset or None,
        "task": run.task or None,
        "allowed_labels": list(FUTURE_SKILLS.allowed_labels) if run.preset else None,
        "feature_columns": list(FUTURE_SKILLS.feature_columns) if run.preset else None,
        "hyperparameters": run.requested_hyperparameters,
        "test_split": run.test_split,
        "random_state": run.random_state,
        "threads": settings.JOB_THREADS,
        "limits": {
            "max_bytes": settings.TABLE_MAX_BYTES,
            "max_rows": settings.TABLE_MAX_ROWS,
            "max_columns": settings.TABLE_MAX_COLUMNS,
        },
    }


def training_completed_fields(run: TrainingRun, result: Mapping[str, Any]) -> Fields:
    """Return the columns of a completed run."""
    if run.machine_id is not None:
        return machine_completed_fields(result)
    metrics = result["metrics"]
    return {
        **{name: result[name] for name in RESULT_FIELDS},
        **{name: metrics.get(name) for name in SCORES},
        "training_duration_seconds": metrics["training_duration_seconds"],
    }


def training_failed_fields(run: TrainingRun) -> Fields:
    """Return the columns of a failed run: no score, and how long it took to find out."""
    run.refresh_from_db(fields=["started_at"])
    return {
        **dict.fromkeys(() if run.machine_id else SCORES, 0.0),
        "training_duration_seconds": round(run.elapsed_seconds or 0.0, 4),
    }


def training_is_hopeless(run: TrainingRun, silent_seconds: float) -> bool:
    """Return whether the training of a machine's model is silent for longer than it may take.

    Contract B has the clean-up fail it; a shorter silence is a worker that died, and it is tried
    again as every job is.
    """
    limit = run.time_limit_seconds or settings.JOB_TIME_LIMIT_SECONDS
    return run.machine_id is not None and silent_seconds > limit


def training_ended(run: TrainingRun) -> None:
    """Record the end, whichever it was, in the audit log; tell who asked for it of a failure."""
    if run.status == Status.FAILED and run.user is not None:
        notify(
            event="job_failed",
            incident=f"run:{run.pk}",
            state="failed",
            severity="warning",
            title=f"Run {run.number} failed",
            body=run.error_message,
            path=f"/ui/runs/{run.number}" if run.experiment is None else f"/ui/models/{run.pk}",
            data={"run": str(run.pk), "number": run.number},
            only_for=run.user,
        )
    audit_record(
        verb=Verb.RUN_ENDED,
        target=run,
        actor=run.user,
        after={
            "status": run.status,
            "error": run.error_message[:500],
            "accuracy": run.accuracy,
            "attempt": run.attempt,
        },
    )


TRAINING = JobKind(
    name="training",
    model=TrainingRun,
    queue="training",
    work="modelwright.runs.training_work:work",
    warm_up="modelwright.runs.training_work:warm_up",
    prepare=training_prepare,
    completed_fields=training_completed_fields,
    failed_fields=training_failed_fields,
    ended=training_ended,
    is_hopeless=training_is_hopeless,
)
