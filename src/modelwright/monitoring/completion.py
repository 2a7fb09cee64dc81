"""What a training's end leaves here: the hold-out's record, a profile to watch with, an alert."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelwright.catalog.models import Machine
from modelwright.core.clock import moment_of
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_clear, alert_raise, alerts_clear
from modelwright.monitoring.models import DriftProfile, MetricsRecord, TrafficProfile
from modelwright.monitoring.profiles import profiles_settle
from modelwright.monitoring.records import record_create
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import version_of_run
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status
from modelwright.runs.training_kind import ANSWERS_NAME, PROFILE_NAME

SETTLED_BY_A_NEW_MODEL = (
    AlertType.DATA_DRIFT,
    AlertType.PREDICTION_DRIFT,
    AlertType.CONCEPT_DRIFT,
    AlertType.PERFORMANCE,
    AlertType.FILE_REFUSED,
)


def training_completed(run: TrainingRun, result: Mapping[str, Any], scratch: Path) -> None:
    """Store what a version is compared with later; in the transaction that completes its run."""
    if run.machine_id is None:
        _table_completed(run, result, scratch)
        return
    version = run.version  # made in this transaction: neither is read once more
    machine = Machine.objects.select_for_update().get(pk=run.machine_id)
    evaluation = result["evaluation"]
    record_create(
        version=version,
        machine=machine,
        source=MetricsRecord.Source.HOLD_OUT,
        start=moment_of(evaluation["start"]),
        end=moment_of(evaluation["end"]),
        metrics=evaluation["metrics"],
        sample_count=evaluation["sample_count"],
        user=run.user,
        drift_detected=False,
    )
    DriftProfile.objects.create(
        version=version,
        machine=machine,
        data=(scratch / PROFILE_NAME).read_bytes(),
        is_counting=False,
        concept=result["watch"],
        concept_until=result["train_end"],
    )
    profiles_settle(run.subject, machine)


def _table_completed(run: TrainingRun, result: Mapping[str, Any], scratch: Path) -> None:
    """Store the profile of a table's training; none where it could not be made."""
    if not (scratch / ANSWERS_NAME).exists():
        return
    inputs = scratch / PROFILE_NAME
    TrafficProfile.objects.create(
        version=version_of_run(run),
        inputs=inputs.read_bytes() if inputs.exists() else None,
        answers=(scratch / ANSWERS_NAME).read_bytes(),
        baseline={k: v for k, v in result.get("watch", {}).items() if v is not None},
    )


def training_ended(run: TrainingRun) -> None:
    """Raise an alert where a training of a machine failed; close it where one went well."""
    if run.machine is None:
        return
    if run.status == Status.COMPLETED:
        reason = f"Run {run.number} completed."
        alert_clear(AlertType.TRAINING_FAILED, run.machine, run.model_type, reason=reason)
    elif run.status == Status.FAILED:
        alert_raise(
            Finding(
                AlertType.TRAINING_FAILED,
                run.machine,
                f"Run {run.number} failed: {run.error_message[:500]}",
                run.model_type,
                float(_failures_in_a_row(run)),
                1.0,
                data={"run": run.number, "error_type": run.error_type},
            )
        )


def champion_changed(
    subject: Subject, before: ModelVersion | None, after: ModelVersion | None
) -> None:
    """Watch with the profile of the version that answers now; what the old one did is settled."""
    about: Machine | Subject = subject
    if subject.machine_id is not None:
        about = Machine.objects.select_for_update().get(pk=subject.machine_id)
        profiles_settle(subject.key, about)
    if before is not None and after is not None:
        reason = f"Version {after.number} answers now."
        alerts_clear(SETTLED_BY_A_NEW_MODEL, about, subject.model_type, reason=reason)


def _failures_in_a_row(run: TrainingRun) -> int:
    same = TrainingRun.objects.filter(subject=run.subject)
    last = same.filter(status=Status.COMPLETED).order_by("-number").first()
    return same.filter(status=Status.FAILED, number__gt=last.number if last else 0).count()
