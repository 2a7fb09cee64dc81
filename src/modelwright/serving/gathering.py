"""A table of what a subject was asked for, and what really happened: to learn from."""

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from modelwright.accounts.models import User
from modelwright.catalog.drafts import Draft
from modelwright.catalog.files import path_of_dataset
from modelwright.catalog.models import DataSet
from modelwright.catalog.reading import Gathering, table_gather
from modelwright.catalog.services import dataset_keep
from modelwright.engine.later_rows import LaterRow, rows_line
from modelwright.engine.parameters import CLASSIFICATION
from modelwright.registry.models import ModelVersion, Subject
from modelwright.runs.models import TrainingRun
from modelwright.runs.training_kind import path_of_table
from modelwright.serving.journaling import journal
from modelwright.serving.models import Prediction

AT_ONCE = 2000


def dataset_gather(
    *, champion: ModelVersion, source: str, since: dt.datetime | None = None
) -> DataSet | None:
    """Make a data set of a champion's table and the rows that it was asked for since.

    The table is that of the experiment, or the file that the run was given, as it stands now. Each
    actual value gives one row: that of its latest prediction whose columns are kept. Rows that the
    champion has learned from, and whose predictions are no longer kept, come from its own data set.

    Parameters
    ----------
    champion : ModelVersion
        Of a model of tables.
    source : str
        What the data set is made for. One that was made for it already is given back.
    since : datetime, optional
        Only rows that were predicted from then on, without the table: it would hide the change.

    Returns
    -------
    DataSet or None
        None: no such row came, and the champion has learned from none.

    Raises
    ------
    DataSetRefusedError
        The table can't be used any more.
    ReaderBusyError, StorageFullError
        Not now.
    """
    there = DataSet.objects.filter(source=source).first()
    if there is not None:
        return there
    journal.settle()
    run = champion.run
    rows = _later_rows(champion.subject, run, since)
    with Draft(source) as lines, Draft(source) as table:
        earlier = run.gathered if since is None else None
        if not _write(rows, lines) and earlier is None:
            return None
        base = run.experiment.dataset.name if run.experiment else run.dataset_path
        reading, later = table_gather(
            path_of_table(run),
            name=base,
            gathering=Gathering(
                rows=lines.path,
                target=run.target_column,
                write_to=table.path,
                earlier=path_of_dataset(earlier.path) if earlier else None,
                are_labels=run.task == CLASSIFICATION,
                only_later=since is not None,
            ),
        )
        if not later:
            return None
        with transaction.atomic():
            Subject.objects.select_for_update().get(key=champion.subject)  # somebody else did, too
            return DataSet.objects.filter(source=source).first() or dataset_keep(
                path=table.path, source=source, reading=reading, user=_owner(run), name=_name(run)
            )


def _later_rows(subject: str, run: TrainingRun, since: dt.datetime | None) -> Iterator[LaterRow]:
    """Give the rows whose truth is known, newest first, one for each actual value."""
    found = Prediction.objects.filter(
        subject=Subject.objects.get(key=subject),
        role=Prediction.Role.GIVEN,
        actual__isnull=False,
        inputs__isnull=False,
    )
    if since is not None:
        found = found.filter(at__gte=since)
    latest = found.annotate(
        place=Window(RowNumber(), partition_by=F("actual"), order_by=("-at", "-id"))
    ).filter(place=1)
    rows = latest.order_by("-at", "-id").values_list(
        "request_id", "inputs", "actual__label", "actual__value"
    )
    for request_id, inputs, label, value in rows.iterator(chunk_size=AT_ONCE):
        truth = label or value if run.task == CLASSIFICATION else value
        if truth is not None and inputs is not None:
            yield LaterRow(str(request_id), inputs, truth)


def _write(rows: Iterator[LaterRow], lines: Draft) -> int:
    """Write as many rows as a table may have; return how many."""
    count = 0
    for row in islice(rows, settings.TABLE_MAX_ROWS):
        line = rows_line(row).encode()
        if lines.size + len(line) > settings.TABLE_MAX_BYTES:
            break
        lines.write(line)
        count += 1
    lines.finish()
    return count


def _owner(run: TrainingRun) -> User | None:
    """Return whose data set it becomes: the experiment's owner's, or who trained."""
    return run.experiment.owner if run.experiment else run.user


def _name(run: TrainingRun) -> str:
    table = run.experiment.dataset.name if run.experiment else Path(run.dataset_path).stem
    return f"{table[:150]} with actual values"
