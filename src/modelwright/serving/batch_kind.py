"""Batch predictions as a kind of job: what goes to the child, and where its file goes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.notifications.outbox import notify
from modelwright.catalog.files import path_of_dataset
from modelwright.core.errors import NotFoundError
from modelwright.core.store import file_publish
from modelwright.engine.serving.bodies import MAX_KEY_CHARS, quick_id
from modelwright.registry.keys import artifact_key
from modelwright.registry.selectors import file_require
from modelwright.runs.kinds import Fields, JobKind
from modelwright.runs.states import Status
from modelwright.serving.answering import file_facts
from modelwright.serving.batch_models import BatchPrediction
from modelwright.serving.journaling import predictions_store
from modelwright.serving.models import Prediction

FILE_NAME = "predictions.csv"


def batch_prepare(batch: BatchPrediction) -> Fields:
    """Return what the child needs to know.

    Raises
    ------
    NotFoundError
        Data set or version were deleted meanwhile.
    VersionNotFoundError
        The version's file was given up.
    """
    if batch.dataset is None or batch.version is None:
        raise NotFoundError("The data set or the version was deleted meanwhile.")
    file_require(batch.version)
    return {
        "path": str(path_of_dataset(batch.dataset.path)),
        "name": batch.dataset_name,
        "file": file_facts(batch.version),
        "key": artifact_key().hex(),
        "version": batch.version_number,
        "key_column": batch.key_column,
        "is_logged": batch.is_logged,
        "limits": {
            "max_bytes": settings.TABLE_MAX_BYTES,
            "max_rows": settings.TABLE_MAX_ROWS,
            "max_columns": settings.TABLE_MAX_COLUMNS,
        },
    }


def batch_completed_fields(_batch: BatchPrediction, result: Mapping[str, Any]) -> Fields:
    """Return the columns of a completed batch."""
    return {name: result[name] for name in ("rows", "size_bytes", "sha256")}


def batch_failed_fields(_batch: BatchPrediction) -> Fields:
    """Return the columns of a failed batch: none."""
    return {}


def batch_publish(batch: BatchPrediction, _result: Mapping[str, Any], scratch: Path) -> None:
    """Put the file in its place, in the transaction that completes the batch."""
    path = f"{settings.PREDICTIONS_PREFIX}/{batch.pk}.csv"
    file_publish(scratch / FILE_NAME, settings.DATA_ROOT / path, keep=True)
    batch.path = path


def batch_keep(batch: BatchPrediction, parts: Sequence[Mapping[str, Any]]) -> None:
    """Store the answers to some rows; the same rows again, after a crash, are the same rows."""
    for part in parts:
        predictions_store(_predictions(batch, part))


def _predictions(batch: BatchPrediction, part: Mapping[str, Any]) -> list[Prediction]:
    labels, values, shares = part["labels"], part["values"], part["probabilities"]
    moment = batch.created_at
    return [
        Prediction(
            request_id=UUID(quick_id(str(batch.pk), part["first"] + i)),
            subject_id=batch.subject_id,
            version_id=batch.version_id,
            version_number=batch.version_number,
            key=part["keys"][i][:MAX_KEY_CHARS] if part["keys"] else "",
            at=moment,
            label="" if labels is None else labels[i],
            value=None if values is None else values[i],
            details={"probabilities": dict(zip(part["classes"], shares[i], strict=True))}
            if shares
            else {},
            inputs={name: cells[i] for name, cells in part["cells"].items()},
            user_id=batch.user_id,
        )
        for i in range(len(labels if labels is not None else values))
    ]


def batch_ended(batch: BatchPrediction) -> None:
    """Record the end in the audit log; tell who asked for it of a failure."""
    if batch.status == Status.FAILED and batch.user is not None:
        notify(
            event="job_failed",
            incident=f"batch:{batch.pk}",
            state="failed",
            severity="warning",
            title=f"The predictions for {batch.dataset_name} failed",
            body=batch.error_message,
            path=f"/ui/registry/{batch.subject.slug}",
            data={"batch": str(batch.pk)},
            only_for=batch.user,
        )
    audit_record(
        verb=Verb.BATCH_ENDED,
        target=batch,
        actor=batch.user,
        after={"status": batch.status, "error": batch.error_message[:500], "rows": batch.rows},
    )


BATCH = JobKind(
    name="batch",
    model=BatchPrediction,
    queue="predicting",
    work="modelwright.serving.batch_work:work",
    prepare=batch_prepare,
    completed_fields=batch_completed_fields,
    failed_fields=batch_failed_fields,
    ended=batch_ended,
    keep=batch_keep,
)
