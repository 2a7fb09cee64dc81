"""The state of a job in the words of contract C: the one translation, for models and searches."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from modelwright.runs.models import Job
from modelwright.runs.states import Status

WORD_OF = {
    Status.PENDING: "PENDING",
    Status.RUNNING: "PROGRESS",
    Status.COMPLETED: "SUCCESS",
    Status.FAILED: "FAILURE",
    Status.CANCELLED: "REVOKED",
}
STATUS_OF = {word: status for status, word in WORD_OF.items()}
WORDS = tuple(WORD_OF.values())
ALL_STEPS = 100


def word_of(job: Job) -> str:
    """Return the contract's word for where `job` stands."""
    return WORD_OF[Status(job.status)]


def progress_of(
    job: Job, *, current: int | None = None, total: int | None = None, message: str = ""
) -> dict[str, Any] | None:
    """Return how far a running job is, None for any other.

    Parameters
    ----------
    job : Job
    current, total : int, optional
        Steps done and to do, where the job counts such; else per cent.
    message : str
        What it does now; default the job's own words.
    """
    if job.status != Status.RUNNING:
        return None
    if current is None or not total:
        current, total = round(job.progress_percent), ALL_STEPS
        percentage = job.progress_percent
    else:
        percentage = 100.0 * current / total
    return {
        "current": current,
        "total": total,
        "status": message or job.progress_message or "Starting",
        "percentage": round(percentage, 2),
    }


def error_of(job: Job) -> dict[str, str] | None:
    """Return why a job failed, None where it did not."""
    if job.status != Status.FAILED:
        return None
    return {"type": job.error_type or "Error", "message": job.error_message}


def job_status(
    job: Job,
    *,
    id_name: str,
    progress: Mapping[str, Any] | None,
    result: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the body of a `…/status` answer.

    Parameters
    ----------
    job : Job
    id_name : str
        `model_run_id` or `tuning_run_id`.
    progress : mapping or None
        What `progress_of` gives.
    result : mapping or None
        Shown once the job has completed.
    """
    return {
        id_name: str(job.pk),
        "task_id": str(job.pk),
        "status": word_of(job),
        "progress": progress,
        "result": result if job.status == Status.COMPLETED else None,
        "error": error_of(job),
    }


class ProgressSerializer(serializers.Serializer[Any]):
    """How far a running job is."""

    current = serializers.IntegerField()
    total = serializers.IntegerField()
    status = serializers.CharField()
    percentage = serializers.FloatField()


class JobErrorSerializer(serializers.Serializer[Any]):
    """Why it failed."""

    type = serializers.CharField()
    message = serializers.CharField()


@extend_schema_field(serializers.ChoiceField(choices=WORDS))
class JobWordField(serializers.CharField):
    """The status, described as the five words it may be."""


class JobStatusSerializer(serializers.Serializer[Any]):
    """What the status answers of contract C have in common, for the description."""

    task_id = serializers.UUIDField()
    status = JobWordField()
    progress = ProgressSerializer(allow_null=True)
    error = JobErrorSerializer(allow_null=True)
