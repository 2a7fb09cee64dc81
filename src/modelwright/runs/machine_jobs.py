"""Reading the trainings of machines' models: the jobs of contract B."""

from uuid import UUID

from django.db.models import QuerySet

from modelwright.runs.errors import RunNotFoundError
from modelwright.runs.models import TrainingRun


def machine_jobs() -> QuerySet[TrainingRun]:
    """Return the trainings of machines, newest first, with machine, version and who asked."""
    return (
        TrainingRun.objects.filter(machine__isnull=False)
        .select_related("machine", "user", "version")
        .order_by("-number")
    )


def machine_job_get(job_id: UUID) -> TrainingRun:
    """Return the training of a machine.

    Raises
    ------
    RunNotFoundError
        There is none of this id.
    """
    found = machine_jobs().filter(pk=job_id).first()
    if found is None:
        raise RunNotFoundError("There is no such training job.")
    return found
