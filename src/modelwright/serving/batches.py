"""Asking for the predictions of a whole data set, and fetching them."""

from collections.abc import Collection
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.access import Level, Somebody, dataset_for, may_all
from modelwright.catalog.errors import NotYoursError
from modelwright.catalog.models import DataSet
from modelwright.core.errors import InvalidInputError, NotFoundError
from modelwright.core.store import file_here
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.retention import retention_require
from modelwright.registry.selectors import (
    champion_of,
    file_require,
    subject_require,
    subjects_visible,
)
from modelwright.runs.errors import NotCancellableError
from modelwright.runs.jobs import job_announce, job_cancel
from modelwright.runs.states import OPEN
from modelwright.serving.batch_models import BatchPrediction
from modelwright.serving.errors import NoChampionError
from modelwright.serving.retention import batch_file_require


def batch_submit(
    *,
    subject: Subject,
    dataset: DataSet,
    user: User,
    version: ModelVersion | None = None,
    key_column: str = "",
    is_logged: bool = False,
) -> BatchPrediction:
    """Have every row of a data set answered; a worker does it.

    Parameters
    ----------
    subject : Subject
    dataset : DataSet
        Its columns are found by their names; others are left out.
    user : User
    version : ModelVersion, optional
        Default: the champion as it is now, whoever is champion when the job runs.
    key_column : str
        A column that goes into the file with the answers; empty: none.
    is_logged : bool
        Whether each answer is kept as a prediction, too.

    Raises
    ------
    NoChampionError
        Nobody can answer.
    InvalidInputError
        The data set lacks a column, or the model is a machine's.
    VersionNotFoundError
        The version's file was given up to free space.
    """
    version = version or champion_of(subject.key)
    if version is None:
        raise NoChampionError(f"{subject.title} has no version that could answer: train one.")
    if version.is_plain:
        raise InvalidInputError({"subject": ["A machine's model has no batch predictions."]})
    file_require(version)
    names = {column["name"] for column in dataset.columns}
    if missing := [name for name in version.run.features_used if name not in names]:
        raise InvalidInputError(
            {"dataset_id": [f"The data set has no column {name!r}." for name in missing[:20]]}
        )
    if key_column and key_column not in names:
        raise InvalidInputError({"key_column": [f"The data set has no column {key_column!r}."]})
    with transaction.atomic():
        batch = BatchPrediction.objects.create(
            subject=subject,
            version=version,
            version_number=version.number,
            dataset=dataset,
            dataset_name=dataset.name,
            key_column=key_column,
            is_logged=is_logged,
            user=user,
            time_limit_seconds=settings.JOB_TIME_LIMIT_SECONDS,
            memory_limit_mb=settings.JOB_MEMORY_LIMIT_MB,
        )
        audit_record(
            verb=Verb.BATCH_SUBMITTED,
            target=batch,
            actor=user,
            after={"dataset": str(dataset.pk), "version": version.name, "logged": is_logged},
        )
        job_announce(batch)
    return batch


def batch_cancel(*, batch: BatchPrediction, user: User) -> BatchPrediction:
    """Cancel a batch: a pending one at once, a running one within two seconds.

    Raises
    ------
    NotCancellableError
        It has ended already.
    """
    with transaction.atomic():
        if not job_cancel(batch):
            batch.refresh_from_db()
            raise NotCancellableError(f"It has already ended ({batch.status}).")
        audit_record(
            verb=Verb.BATCH_CANCEL_REQUESTED,
            target=batch,
            actor=user,
            before={"status": batch.status},
            after={"status": "cancelled"},
        )
    batch.refresh_from_db()
    return batch


def versions_in_batches(version_ids: Collection[int]) -> dict[int, str]:
    """Return which of these versions have yet to answer a data set: their files are kept for it."""
    jobs = BatchPrediction.objects.filter(status__in=OPEN, version__in=version_ids)
    return dict.fromkeys(jobs.values_list("version", flat=True), "it has a data set to answer")


def batches_of(subject: Subject) -> QuerySet[BatchPrediction]:
    """Return the batches of a subject, newest first."""
    return BatchPrediction.objects.filter(subject=subject).select_related("subject", "user")


def batches_visible(user: Somebody) -> QuerySet[BatchPrediction]:
    """Return the batches of the subjects that `user` may look at, newest first."""
    mine = subjects_visible(user).order_by()
    return BatchPrediction.objects.filter(subject__in=mine).select_related("subject", "user")


def batch_for(user: Somebody, batch_id: UUID, level: Level = Level.VIEWER) -> BatchPrediction:
    """Return a batch with whose subject `user` may do what `level` says.

    Raises
    ------
    NotFoundError
        There is none of this id.
    NotYoursError
        It is of somebody else's experiment.
    """
    found = (
        BatchPrediction.objects.select_related("subject__experiment", "user", "dataset")
        .filter(pk=batch_id)
        .first()
    )
    if found is None:
        raise NotFoundError("There is no such batch of predictions.")
    subject_require(user, found.subject, level)
    return found


def batch_file_owner_require(user: Somebody, batch: BatchPrediction) -> None:
    """Refuse who may not delete the file of a batch: who asked for it may, and the model's owner.

    Raises
    ------
    NotYoursError
        It is neither.
    """
    if not (isinstance(user, User) and batch.user_id == user.pk):
        retention_require(user, batch.subject)


def batch_file_reader_require(user: Somebody, batch: BatchPrediction) -> None:
    """Refuse who may not have the file: it holds keys of the data set, and goes by that, too.

    Raises
    ------
    NotYoursError
        The data set is somebody else's, or gone.
    """
    is_own = isinstance(user, User) and batch.user_id == user.pk
    if not is_own and not may_all(user):
        if batch.dataset is None:
            raise NotYoursError("The data set is gone: only who asked for this may have it.")
        dataset_for(user, batch.dataset.pk)


def batch_open(user: Somebody, batch: BatchPrediction) -> BinaryIO:
    """Open the file of a batch.

    Raises
    ------
    NotYoursError
        As `batch_file_reader_require`.
    FileDeletedError
        It was deleted.
    NotFoundError
        There is no file: the batch has not completed, or it is gone.
    StoreError
        The store of files can't be asked.
    """
    batch_file_reader_require(user, batch)
    batch_file_require(batch)
    path = file_here(batch.path, closed=(settings.SYSTEM_DIR,))
    try:
        return path.open("rb")
    except OSError as error:
        raise NotFoundError("The file is gone: ask for the predictions again.") from error
