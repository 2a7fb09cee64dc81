"""Letting go of what was predicted: logged predictions that are old, and files of data sets.

Both go in pieces of a transaction each, so that a process killed in between has deleted whole
pieces with their entries in the audit log, and the next one goes on. Of two at once, each piece is
done by one: the row of the subject is the lock that everybody holds who writes actual values.

A prediction goes once it was given, and was predicted for, longer ago than its subject keeps them,
unless somebody above still needs it. Actual values go with the last prediction that they are about.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError, NotFoundError
from modelwright.core.files import path_under
from modelwright.core.store import file_forget
from modelwright.registry.models import Subject
from modelwright.runs.states import ENDED
from modelwright.serving.batch_models import BatchPrediction
from modelwright.serving.errors import FileDeletedError
from modelwright.serving.models import Actual, Prediction, ServingSettings
from modelwright.serving.selectors import kept_days_of, serving_settings_of

log = logging.getLogger(__name__)

AT_ONCE = 1_000
MAX_DAYS = 36_500
ORPHAN_AFTER = dt.timedelta(days=1)
"""A file without a row is left alone for so long: its row may be about to be committed."""

Hold = Callable[[], Q]
Leaving = Callable[[Sequence[Prediction]], None]
_holds: list[Hold] = []
_leaving: list[Leaving] = []


def on_predictions_held(hold: Hold) -> None:
    """Have `hold()` say which predictions something needs, however old they are."""
    if hold not in _holds:
        _holds.append(hold)


def on_predictions_leaving(hook: Leaving) -> None:
    """Have `hook(predictions)` run in the transaction that is about to delete them."""
    if hook not in _leaving:
        _leaving.append(hook)


@dataclass(frozen=True)
class PredictionsPlan:
    """What is kept of one subject's predictions and what goes; nothing is changed by making it.

    Parameters
    ----------
    subject : Subject
    kept : ServingSettings
        Its own, or what holds without any.
    days : int
        For so long predictions are kept; 0: for ever.
    predictions, deletable, needed : int
        How many there are; how many the next clean-up deletes; how many are as old and kept,
        because something needs them.
    files, file_bytes : int
        Of whole data sets' predictions.
    files_deletable, frees_bytes : int
        Those that the next clean-up deletes.
    """

    subject: Subject
    kept: ServingSettings
    days: int
    predictions: int
    deletable: int
    needed: int
    files: int
    file_bytes: int
    files_deletable: int
    frees_bytes: int

    @property
    def file_days(self) -> int:
        """Return for how many days files are kept; 0: for ever."""
        return int(settings.BATCH_FILES_KEPT_DAYS)


def predictions_plan(subject: Subject) -> PredictionsPlan:
    """Return what the next clean-up would do to a subject's predictions."""
    kept = serving_settings_of(subject)
    days = kept_days_of(kept)
    old = deletable = 0
    if days:
        until = _days_ago(days)
        old = _old([subject.pk], until).count()
        deletable = _free(_old([subject.pk], until)).count() if old else 0
    files = BatchPrediction.objects.filter(subject=subject, removed_at=None).exclude(path="")
    there = files.aggregate(count=Count("pk"), size=Sum("size_bytes"))
    going = _files_old(files).aggregate(count=Count("pk"), size=Sum("size_bytes"))
    return PredictionsPlan(
        subject,
        kept,
        days,
        Prediction.objects.filter(subject=subject).count(),
        deletable,
        old - deletable,
        there["count"],
        there["size"] or 0,
        going["count"],
        going["size"] or 0,
    )


@dataclass(frozen=True)
class OldPredictions:
    """What the next clean-up deletes of several subjects.

    Parameters
    ----------
    predictions, files : int
    file_bytes : int
        Of these files.
    """

    predictions: int
    files: int
    file_bytes: int


def predictions_old(subjects: QuerySet[Subject]) -> OldPredictions:
    """Return what the next clean-up would delete; one query for each age that is asked for."""
    own = dict(ServingSettings.objects.values_list("subject", "kept_days"))
    by_days: dict[int, list[UUID]] = {}
    for key in subjects.order_by().values_list("pk", flat=True):
        days = kept_days_of(ServingSettings(kept_days=own.get(key)))
        by_days.setdefault(days, []).append(key)
    there = BatchPrediction.objects.filter(subject__in=subjects, removed_at=None).exclude(path="")
    going = _files_old(there.order_by()).aggregate(count=Count("pk"), size=Sum("size_bytes"))
    return OldPredictions(
        sum(_free(_old(keys, _days_ago(days))).count() for days, keys in by_days.items() if days),
        going["count"],
        going["size"] or 0,
    )


def serving_settings_change(*, subject: Subject, user: User, **changes: Any) -> ServingSettings:
    """Change what is kept of a subject's predictions; what is left out stays.

    Parameters
    ----------
    subject : Subject
    user : User
    **changes
        `log_share`: share of the requests; `keep_inputs`: whether rows are kept with their answers;
        `kept_days`: 0 for ever, None as the server's setting says.

    Raises
    ------
    InvalidInputError
        `log_share` isn't between 0 and 1, or `kept_days` is out of range.
    """
    if not 0.0 <= changes.get("log_share", 1.0) <= 1.0:
        raise InvalidInputError({"log_share": ["log_share is a share from 0 to 1."]})
    if not 0 <= (changes.get("kept_days") or 0) <= MAX_DAYS:
        raise InvalidInputError({"kept_days": [f"kept_days is from 0 to {MAX_DAYS:,}, or null."]})
    with transaction.atomic():
        Subject.objects.select_for_update().get(pk=subject.pk)
        kept = serving_settings_of(subject)
        before = _facts(kept)
        for name, value in changes.items():
            setattr(kept, name, value)
        kept.save()
        audit_record(
            verb=Verb.RETENTION_CHANGED,
            target=subject,
            actor=user,
            before=before,
            after=_facts(kept),
        )
    return kept


def _facts(kept: ServingSettings) -> dict[str, Any]:
    return {name: getattr(kept, name) for name in ("log_share", "keep_inputs", "kept_days")}


# --- predictions --------------------------------------------------------------------------------


def predictions_forget(seconds: float) -> tuple[int, bool]:
    """Delete the predictions that are older than asked; may run at once with itself.

    Parameters
    ----------
    seconds : float
        Stop after so long; the next call goes on.

    Returns
    -------
    deleted : int
    is_done : bool
        False: time was up first.
    """
    until = time.monotonic() + seconds
    deleted = 0
    for key in Subject.objects.order_by("pk").values_list("pk", flat=True):
        while count := _forget_some(key):
            deleted += count
            if time.monotonic() > until:
                return deleted, False
    return deleted, True


def _forget_some(subject_id: UUID) -> int:
    """Delete one piece of a subject's old predictions, and return how many; 0: none is left."""
    own = ServingSettings.objects.filter(subject=subject_id).first()
    if not kept_days_of(own):  # the common case needs no lock
        return 0
    with transaction.atomic():
        subject = Subject.objects.select_for_update().filter(pk=subject_id).first()
        if subject is None:
            return 0
        days = kept_days_of(serving_settings_of(subject))  # somebody may have changed it meanwhile
        if not days:
            return 0
        until = _days_ago(days)
        old = _free(_old([subject_id], until)).select_related("actual").defer("inputs")
        rows = list(old.order_by("at", "pk")[:AT_ONCE])
        if not rows:
            return 0
        for hook in _leaving:
            hook(rows)
        Prediction.objects.filter(pk__in=[row.pk for row in rows]).delete()
        about = {row.actual_id for row in rows if row.actual_id is not None}
        actuals = Actual.objects.filter(pk__in=about, predictions__isnull=True)
        gone = len(about) and actuals.delete()[0]
        audit_record(
            verb=Verb.PREDICTIONS_DELETED,
            target=subject,
            after={
                "predictions": len(rows),
                "actuals": gone,
                "kept_days": days,
                "older_than": until.isoformat(),
            },
        )
    return len(rows)


def _days_ago(days: int) -> dt.datetime:
    return now() - dt.timedelta(days=days)


def _old(subject_ids: Collection[UUID], until: dt.datetime) -> QuerySet[Prediction]:
    return Prediction.objects.filter(subject__in=subject_ids, at__lt=until, created_at__lt=until)


def _free(rows: QuerySet[Prediction]) -> QuerySet[Prediction]:
    """Return those that nobody needs."""
    for hold in _holds:
        rows = rows.exclude(hold())
    return rows


# --- files of data sets -------------------------------------------------------------------------


def batch_file_delete(*, batch: BatchPrediction, user: User | None) -> None:
    """Delete the file of a batch; its row stays, and says when.

    Raises
    ------
    FileDeletedError
        It was deleted before.
    NotFoundError
        The batch has no file.
    """
    with transaction.atomic():
        moment = now()
        there = BatchPrediction.objects.filter(pk=batch.pk, removed_at=None).exclude(path="")
        if not there.update(removed_at=moment):
            batch.refresh_from_db()
            batch_file_require(batch)
            raise NotFoundError("The file was deleted in this moment by somebody else.")
        audit_record(
            verb=Verb.BATCH_FILE_DELETED,
            target=batch,
            actor=user,
            before={"sha256": batch.sha256, "size_bytes": batch.size_bytes},
        )
        transaction.on_commit(lambda: _unlink(BatchPrediction.objects.get(pk=batch.pk)))
    batch.removed_at = moment


def batch_file_require(batch: BatchPrediction) -> None:
    """Refuse a batch that has no file.

    Raises
    ------
    FileDeletedError
        It had one.
    NotFoundError
        It never had.
    """
    if batch.removed_at is not None:
        raise FileDeletedError(
            f"The file was deleted on {batch.removed_at:%Y-%m-%d}: ask for the predictions again."
        )
    if not batch.path:
        raise NotFoundError(f"There is no file: the batch is {batch.status}.")


def batch_files_forget() -> tuple[int, int]:
    """Delete the files that are older than the setting says, and what was left behind.

    Returns
    -------
    files, size_bytes : int
        Of those that were too old.
    """
    files = size = 0
    there = BatchPrediction.objects.filter(removed_at=None).exclude(path="")
    while some := list(_files_old(there).order_by("finished_at")[:AT_ONCE]):
        for batch in some:
            try:
                batch_file_delete(batch=batch, user=None)
            except NotFoundError:  # somebody else was quicker
                continue
            files += 1
            size += batch.size_bytes or 0
    for batch in BatchPrediction.objects.filter(removed_at__isnull=False).exclude(path=""):
        _unlink(batch)  # of a process that died before it came to that
    _orphans_unlink()
    return files, size


def _files_old(there: QuerySet[BatchPrediction]) -> QuerySet[BatchPrediction]:
    days = settings.BATCH_FILES_KEPT_DAYS
    if days <= 0:
        return there.none()
    return there.filter(status__in=ENDED, finished_at__lt=_days_ago(days))


def _unlink(batch: BatchPrediction) -> None:
    """Delete the file, then its name: the other way round, a file could be left for ever."""
    try:
        file_forget(path_under(settings.DATA_ROOT, batch.path, closed=(settings.SYSTEM_DIR,)))
    except OSError as error:
        log.warning("%s is left for the next clean-up: %s", batch.path, error)
        return
    BatchPrediction.objects.filter(pk=batch.pk).update(path="")


def _orphans_unlink() -> None:
    """Delete files that no batch names: their subject was deleted, or their job's end was lost."""
    folder = settings.DATA_ROOT / settings.PREDICTIONS_PREFIX
    oldest = (now() - ORPHAN_AFTER).timestamp()
    for path in folder.glob("*.csv"):
        name = f"{settings.PREDICTIONS_PREFIX}/{path.name}"
        try:
            if path.stat().st_mtime < oldest and not _is_named(name):
                file_forget(path)
        except OSError as error:
            log.warning("%s could not be deleted: %s", name, error)


def _is_named(path: str) -> bool:
    return BatchPrediction.objects.filter(path=path).exists()
