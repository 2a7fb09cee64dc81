"""Registering data sets, making experiments, sharing them: every write, each in the audit log."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Max

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.drafts import MAX_NAME, Draft, name_of
from modelwright.catalog.files import path_of_dataset, path_of_request
from modelwright.catalog.models import DataSet, Experiment, TargetProfile
from modelwright.catalog.reading import Reading, table_read, target_read
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.core.files import UnsafePathError
from modelwright.core.store import file_forget, file_publish
from modelwright.engine.parameters import CLASSIFICATION, REGRESSION, TASKS

PARQUET = "parquet"
MAX_TARGET = 255


def dataset_register_file(*, draft: Draft, user: User, name: str = "") -> DataSet:
    """Register a file that was handed in.

    Parameters
    ----------
    draft : Draft
        Written; its file is moved to where it stays.
    user : User
        Its owner.
    name : str
        Default the file's own.

    Raises
    ------
    DataSetRefusedError
        It is no table that can be used; nothing is kept.
    """
    draft.finish()
    reading = table_read(draft.path, name=draft.source)
    return dataset_keep(
        path=draft.path, source=draft.source, reading=reading, user=user,
        name=name or name_of(draft.source),
    )  # fmt: skip


def dataset_register_path(*, path: str, user: User, name: str = "") -> DataSet:
    """Register a copy of a file below the data root: the data set stays what it is now.

    Raises
    ------
    InvalidInputError
        The path is none that a request may name.
    DataSetRefusedError
        There is no such file, or it is no table that can be used.
    """
    try:
        source = path_of_request(path)
    except UnsafePathError as error:
        raise InvalidInputError({"path": [error.message]}) from error
    with Draft(path) as draft:
        reading = table_read(source, name=path, copy_to=draft.path)
        return dataset_keep(
            path=draft.path, source=draft.source, reading=reading, user=user,
            name=name or name_of(path),
        )  # fmt: skip


def dataset_keep(
    *, path: Path, source: str, reading: Reading, user: User | None, name: str
) -> DataSet:
    """Move a file that was read to its name among the data sets, and write its row."""
    written = PARQUET if reading.encoding == PARQUET else "csv"
    key = uuid4()
    relative = f"{settings.UPLOADS_PREFIX}/{key}.{written}"
    target: Path = settings.DATA_ROOT / relative
    file_publish(path, target)
    try:
        with transaction.atomic():
            dataset = DataSet.objects.create(
                id=key,
                owner=user,
                name=name[:MAX_NAME],
                version=_version_for(user, name[:MAX_NAME], reading.sha256),
                source=source,
                path=relative,
                format=written,
                encoding="" if written == PARQUET else reading.encoding,
                delimiter=reading.delimiter,
                sha256=reading.sha256,
                size_bytes=reading.size_bytes,
                row_count=reading.row_count,
                columns=reading.columns,
                profile=reading.profile,
                preview=reading.preview,
                warnings=reading.warnings,
            )
            audit_record(
                verb=Verb.DATASET_CREATED,
                target=dataset,
                actor=user,
                after={
                    "name": dataset.name,
                    "sha256": dataset.sha256,
                    "rows": dataset.row_count,
                    "source": dataset.source,
                },
            )
    except (DatabaseError, ModelwrightError):
        file_forget(target)
        raise
    return dataset


def _version_for(user: User | None, name: str, sha256: str) -> int:
    """Return the number of this content among the owner's data sets of this name."""
    family = DataSet.objects.filter(owner=user, name=name)
    same = family.filter(sha256=sha256).values_list("version", flat=True).first()
    if same is not None:
        return same
    return (family.aggregate(top=Max("version"))["top"] or 0) + 1


def dataset_delete(*, dataset: DataSet, user: User | None) -> None:
    """Delete a data set that nothing hangs on, and its file."""
    path = path_of_dataset(dataset.path)
    with transaction.atomic():
        audit_record(
            verb=Verb.DATASET_DELETED,
            target=dataset,
            actor=user,
            before={"name": dataset.name, "sha256": dataset.sha256},
        )
        DataSet.objects.filter(pk=dataset.pk).delete()
        transaction.on_commit(lambda: file_forget(path))


def target_profile(*, dataset: DataSet, target: str) -> dict[str, object]:
    """Return how the columns go with `target`: computed once, then kept with the data set.

    Raises
    ------
    InvalidInputError
        There is no such column.
    DataSetRefusedError
        Nothing can be learned from it.
    """
    if target not in dataset.column_names:
        raise InvalidInputError({"target": [_no_such_column(dataset, target)]})
    kept = TargetProfile.objects.filter(dataset=dataset, target=target).first()
    if kept is None:
        result = target_read(path_of_dataset(dataset.path), name=dataset.name, target=target)
        kept, _new = TargetProfile.objects.get_or_create(
            dataset=dataset, target=target, defaults={"result": result}
        )
    found: dict[str, object] = kept.result
    return found


def _no_such_column(dataset: DataSet, name: str) -> str:
    names = dataset.column_names
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return (
        f"The data set {dataset.name!r} has no column {name[:100]!r}. It has"
        f" {', '.join(names[:30])}{more}."
    )


@dataclass(frozen=True)
class Question:
    """What is to be predicted in which data set.

    Parameters
    ----------
    dataset : DataSet
    target_column : str
    task : str
        ``classification``, ``regression``, or empty: told from the column.
    """

    dataset: DataSet
    target_column: str
    task: str = ""

    def checked_task(self) -> str:
        """Return the task, after checking that the column can be predicted.

        Raises
        ------
        InvalidInputError
            There is no such column, or it can't be the target of this task.
        """
        column = next((c for c in self.dataset.columns if c["name"] == self.target_column), None)
        if column is None or len(self.target_column) > MAX_TARGET:
            raise InvalidInputError(
                {"target_column": [_no_such_column(self.dataset, self.target_column)]}
            )
        if column["distinct"] < 2:
            why = "has no values" if column["distinct"] == 0 else "has only one value"
            raise InvalidInputError(
                {"target_column": [f"Column {self.target_column!r} {why}: nothing can be learned."]}
            )
        task = self.task or str(column["suggested_task"])
        if task not in TASKS:
            raise InvalidInputError({"task": [f"task must be one of {', '.join(TASKS)}."]})
        words = column["kind"] != "numeric" and column["suggested_task"] == CLASSIFICATION
        if task == REGRESSION and words and not _is_number(column["dtype"]):
            raise InvalidInputError(
                {
                    "task": [
                        f"Column {self.target_column!r} holds no numbers: it can be classified,"
                        " not predicted by regression."
                    ]
                }
            )
        return task


def _is_number(dtype: str) -> bool:
    return dtype.lower().startswith(("int", "uint", "float"))


def experiment_create(
    *, question: Question, name: str, user: User, description: str = ""
) -> Experiment:
    """Make an experiment. Raises InvalidInputError where the question makes no sense."""
    task = question.checked_task()
    with transaction.atomic():
        experiment = Experiment.objects.create(
            owner=user,
            name=name,
            description=description,
            dataset=question.dataset,
            target_column=question.target_column,
            task=task,
        )
        audit_record(
            verb=Verb.EXPERIMENT_CREATED, target=experiment, actor=user, after=_facts(experiment)
        )
    return experiment


def experiment_change(
    *,
    experiment: Experiment,
    user: User,
    name: str | None = None,
    description: str | None = None,
    question: Question | None = None,
) -> Experiment:
    """Change an experiment; what is None stays.

    Whether the question may still be changed is for the room that knows the runs to say.
    """
    task = None if question is None else question.checked_task()
    with transaction.atomic():
        before = _facts(experiment)
        if name is not None:
            experiment.name = name
        if description is not None:
            experiment.description = description
        if question is not None and task is not None:
            experiment.dataset = question.dataset
            experiment.target_column = question.target_column
            experiment.task = task
        experiment.updated_at = now()
        experiment.save()
        audit_record(
            verb=Verb.EXPERIMENT_CHANGED,
            target=experiment,
            actor=user,
            before=before,
            after=_facts(experiment),
        )
    return experiment


def experiment_delete(*, experiment: Experiment, user: User | None) -> None:
    """Delete an experiment that nothing hangs on; its shares go with it."""
    with transaction.atomic():
        audit_record(
            verb=Verb.EXPERIMENT_DELETED, target=experiment, actor=user, before=_facts(experiment)
        )
        Experiment.objects.filter(pk=experiment.pk).delete()


def _facts(experiment: Experiment) -> dict[str, str]:
    return {
        "name": experiment.name,
        "description": experiment.description[:500],
        "dataset": str(experiment.dataset_id),
        "target_column": experiment.target_column,
        "task": experiment.task,
    }
