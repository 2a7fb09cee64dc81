"""Comparing two versions on the same data: asked for here, done by a worker.

The web server loads no model; a worker's child does, after their bytes are proved.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.access import Level, Somebody
from modelwright.catalog.files import path_of_dataset
from modelwright.catalog.models import DataSet, Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import ms_of
from modelwright.core.errors import InvalidInputError
from modelwright.core.store import file_here
from modelwright.registry.errors import ComparisonNotFoundError, NotThisSubjectError
from modelwright.registry.keys import artifact_key
from modelwright.registry.models import Comparison, ModelVersion, Subject
from modelwright.registry.selectors import artifact_open, machine_model_of, subject_require
from modelwright.registry.subjects import subject_ensure
from modelwright.runs.jobs import job_announce
from modelwright.runs.kinds import Fields, JobKind
from modelwright.runs.states import OPEN
from modelwright.runs.training_kind import training_prepare

HISTORY_MS = 60 * 86_400_000
FACTS = ("dataset_sha256", "test_split", "random_state")


def comparison_submit(
    *,
    a: ModelVersion,
    b: ModelVersion,
    user: User | None,
    dataset: DataSet | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> Comparison:
    """Have two versions compared.

    Parameters
    ----------
    a, b : ModelVersion
        Of one subject.
    user : User or None
    dataset : DataSet, optional
        Every row of it; default: the hold-out of the newer version.
    start, end : datetime, optional
        Of a machine's model: readings of this period; default: all that neither has learned from.

    Raises
    ------
    InvalidInputError
        What is asked can't be done with these versions.
    NotThisSubjectError
        They are of different subjects.
    VersionNotFoundError, ArtifactChangedError
        A file is gone, or isn't the one that was recorded.
    """
    if a.subject != b.subject:
        raise NotThisSubjectError("Two versions of one model can be compared, not of two.")
    if a == b:
        raise InvalidInputError({"b": ["Choose another version than a."]})
    machine = a.run.machine
    if machine is not None:
        if dataset is not None:
            message = "A machine's model is compared on its readings: leave dataset_id out."
            raise InvalidInputError({"dataset_id": [message]})
        start = start or _unseen_by_both(a, b)
        _check_readings(machine, start, end)
        source = Comparison.Source.READINGS
    elif start or end:
        raise InvalidInputError({"start": ["Only readings of machines have a period."]})
    else:
        source = Comparison.Source.DATASET if dataset else Comparison.Source.HOLD_OUT
    for version in (a, b):
        artifact_open(version).close()
    with transaction.atomic():
        made = Comparison.objects.create(
            subject=subject_ensure(a.run),
            version_a=a,
            version_b=b,
            source=source,
            dataset=dataset,
            period_start=start,
            period_end=end,
            user=user,
            time_limit_seconds=settings.JOB_TIME_LIMIT_SECONDS,
            memory_limit_mb=settings.JOB_MEMORY_LIMIT_MB,
        )
        job_announce(made)
        audit_record(
            verb=Verb.COMPARISON_STARTED,
            target=made,
            actor=user,
            after={"a": a.name, "b": b.name, "source": source},
        )
    return made


def _unseen_by_both(a: ModelVersion, b: ModelVersion) -> dt.datetime | None:
    ends = [v.run.period_end for v in (a, b) if v.run.period_end is not None]
    return max(ends) + dt.timedelta(milliseconds=1) if ends else None


def _check_readings(machine: Machine, start: dt.datetime | None, end: dt.datetime | None) -> None:
    if start and end and start >= end:
        raise InvalidInputError({"end": ["The end must be after the start."]})
    if machine.last_reading_at is None or (start and machine.last_reading_at < start):
        raise InvalidInputError(
            {
                "start": [
                    "There is no reading since: wait for some, or name a period that they have"
                    " learned from, which then flatters whoever has."
                ]
            }
        )


def versions_in_comparisons(version_ids: Collection[int]) -> dict[int, str]:
    """Return which of these versions are being compared: their files are kept until then."""
    jobs = Comparison.objects.filter(status__in=OPEN)
    pairs = jobs.values_list("version_a_id", "version_b_id")
    ids = {pk for pair in pairs for pk in pair if pk in version_ids}
    return dict.fromkeys(ids, "it is being compared")


def comparisons_of(subject: Subject) -> QuerySet[Comparison]:
    """Return the comparisons of a subject, newest first."""
    return Comparison.objects.filter(subject=subject).select_related(
        "version_a", "version_b", "dataset", "user", "subject"
    )


def comparison_for(user: Somebody, comparison_id: UUID, level: Level = Level.VIEWER) -> Comparison:
    """Return a comparison with which `user` may do what `level` says.

    Raises
    ------
    ComparisonNotFoundError
        There is none of this id.
    NotYoursError
        It is of somebody else's experiment.
    """
    related = ("version_a", "version_b", "dataset", "user", "subject__experiment")
    found = Comparison.objects.select_related(*related).filter(pk=comparison_id).first()
    if found is None:
        raise ComparisonNotFoundError("There is no such comparison.")
    subject_require(user, found.subject, level)
    return found


# --- the job ------------------------------------------------------------------------------------


def _prepare(job: Comparison) -> Fields:
    """Return what the child needs: the data's place, and both models' places and proofs."""
    versions = (job.version_a, job.version_b)
    if job.source == Comparison.Source.READINGS:
        return _prepare_readings(job, versions)
    newer = max(versions, key=lambda version: version.number)
    config = training_prepare(newer.run)
    if job.source == Comparison.Source.DATASET:
        if job.dataset is None:
            raise InvalidInputError({"dataset_id": ["The data set was deleted meanwhile."]})
        config |= {
            "dataset_path": str(path_of_dataset(job.dataset.path)),
            "display_name": job.dataset.name,
        }
    return {
        "config": config,
        "source": job.source,
        "newer_sha256": newer.run.dataset_sha256,
        "key": artifact_key(),
        "versions": [
            {
                "number": version.number,
                "path": str(file_here(version.artifact_path, closed=(settings.SYSTEM_DIR,))),
                "sha256": version.sha256,
                "signature": version.signature,
                **{name: getattr(version.run, name) for name in FACTS},
            }
            for version in versions
        ],
    }


def _prepare_readings(job: Comparison, versions: tuple[ModelVersion, ...]) -> Fields:
    machine = job.subject.machine
    assert machine is not None  # noqa: S101  (checked when it was asked for)
    start = None if job.period_start is None else ms_of(job.period_start)
    series = series_of(machine, start=None if start is None else start - HISTORY_MS)
    return {
        "series": series,
        "start": start,
        "end": None if job.period_end is None else ms_of(job.period_end),
        "versions": [{"number": version.number} for version in versions],
        "models": [machine_model_of(version) for version in versions],
        "learned_until": [
            None if version.run.period_end is None else ms_of(version.run.period_end)
            for version in versions
        ],
    }


def _completed_fields(_job: Comparison, result: Mapping[str, Any]) -> Fields:
    return {"result": dict(result)}


def _ended(job: Comparison) -> None:
    audit_record(
        verb=Verb.COMPARISON_ENDED,
        target=job,
        actor=job.user,
        after={"status": job.status, "error": job.error_message[:500]},
    )


COMPARISON = JobKind(
    name="comparison",
    model=Comparison,
    queue="training",
    work="modelwright.registry.comparison_work:work",
    prepare=_prepare,
    completed_fields=_completed_fields,
    failed_fields=lambda _job: {},
    ended=_ended,
)
