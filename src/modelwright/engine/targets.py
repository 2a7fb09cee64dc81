"""The column to predict: which rows can be used, which task it is, whether a split can work."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelwright.engine.errors import DataLoadError
from modelwright.engine.parameters import CLASSIFICATION, REGRESSION
from modelwright.engine.tables import Table

SHOWN_COLUMNS = 30
SHOWN_VALUES = 5
MAX_CLASSES = 200
FEW_WHOLE_NUMBERS = 20
FEW_DECIMALS = 10
IMBALANCE = 3.0
MIN_REGRESSION_ROWS = 10


@dataclass(frozen=True)
class Target:
    """What is to be predicted.

    Parameters
    ----------
    values : pandas.Series
        Labels as str (classification) or numbers as float (regression); the index is that of the
        table, rows without a usable value left out.
    task : str
        ``classification`` or ``regression``.
    labels : tuple of str
        The classes, sorted. Empty for regression.
    warnings : tuple of str
        Rows left out, imbalance.
    """

    values: pd.Series
    task: str
    labels: tuple[str, ...]
    warnings: tuple[str, ...]


def prepare_target(
    table: Table,
    column: str,
    *,
    task: str | None = None,
    allowed_labels: Sequence[str] | None = None,
) -> Target:
    """Check the column to predict.

    Parameters
    ----------
    table : Table
        As read.
    column : str
        Its name.
    task : str, optional
        Told from the values where not given.
    allowed_labels : sequence of str, optional
        Rows with another value are left out.

    Raises
    ------
    DataLoadError
        The column is missing, or nothing can be learned from it.
    """
    if column not in table.frame.columns:
        raise DataLoadError(_not_found(table, column), column=column)
    raw = table.frame[column]
    present = raw.dropna()
    if present.empty:
        raise DataLoadError(
            f"Target column '{column}' has no values: no valid rows. Fill it.", column=column
        )
    if task is None:
        task = CLASSIFICATION if allowed_labels else guess_task(present)
    notes = []
    if len(present) < len(raw):
        notes.append(f"{len(raw) - len(present)} row(s) without a value in '{column}' left out.")
    if task == REGRESSION:
        return Target(_numbers(table, column, present), task, (), tuple(notes))
    labels = as_labels(present)
    if allowed_labels:
        labels = _allowed(column, labels, allowed_labels, notes)
    return _classes(column, labels, notes)


def guess_task(values: pd.Series) -> str:
    """Return ``regression`` where there are many different numbers, else ``classification``.

    Examples
    --------
    >>> guess_task(pd.Series([0, 1, 1])), guess_task(pd.Series(range(100)))
    ('classification', 'regression')
    """
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return CLASSIFICATION
    distinct = values.nunique()
    whole = bool((values % 1 == 0).all())
    return (
        REGRESSION if distinct > (FEW_WHOLE_NUMBERS if whole else FEW_DECIMALS) else CLASSIFICATION
    )


def as_labels(values: pd.Series) -> pd.Series:
    """Return class labels as text, blanks around them cut off; 1.0 is "1".

    Examples
    --------
    >>> as_labels(pd.Series([1.0, 2.0])).tolist()
    ['1', '2']
    """
    if (
        pd.api.types.is_float_dtype(values)
        and np.isfinite(values).all()
        and (values % 1 == 0).all()
    ):
        values = values.astype("int64") if values.abs().max() < 2**53 else values
    if not isinstance(values.dtype, pd.StringDtype):
        values = values.map(str).astype("str")
    return values.str.strip()


def _not_found(table: Table, column: str) -> str:
    names = [str(name) for name in table.frame.columns]
    shown = ", ".join(names[:SHOWN_COLUMNS])
    more = f" and {len(names) - SHOWN_COLUMNS} more" if len(names) > SHOWN_COLUMNS else ""
    return f"Target column '{column}' not found in dataset. Available columns: {shown}{more}"


def _allowed(column: str, labels: pd.Series, allowed: Sequence[str], notes: list[str]) -> pd.Series:
    good = labels.isin(list(allowed))
    if good.all():
        return labels
    counts = labels[~good].value_counts()
    shown = ", ".join(f"{str(v)[:30]!r} ({n})" for v, n in counts.iloc[:SHOWN_VALUES].items())
    more = f" and {len(counts) - SHOWN_VALUES} more values" if len(counts) > SHOWN_VALUES else ""
    if not good.any():
        raise DataLoadError(
            f"No valid rows: column '{column}' must hold {', '.join(allowed)}; found"
            f" {shown}{more}.",
            column=column,
        )
    notes.append(
        f"{int((~good).sum())} row(s) left out: '{column}' must hold {', '.join(allowed)}; found"
        f" {shown}{more}."
    )
    return labels[good]


def _classes(column: str, labels: pd.Series, notes: list[str]) -> Target:
    counts = labels.value_counts()
    names = tuple(sorted(str(label) for label in counts.index))
    if len(names) == 1:
        raise DataLoadError(
            f"Target column '{column}' has only one class ('{names[0][:60]}'): nothing can be"
            " learned. Add rows of at least one other class.",
            column=column,
        )
    if len(names) > MAX_CLASSES or len(names) > len(labels) / 2:
        raise DataLoadError(
            f"Target column '{column}' has {len(names)} different values in {len(labels)} rows: it"
            " looks like an identifier or free text. Choose another column, or regression for"
            " numbers.",
            column=column,
        )
    rarest = str(counts.index[-1])
    if counts.iloc[-1] < 2:
        raise DataLoadError(
            f"Class '{rarest[:60]}' of column '{column}' has only 1 row: at least 2 are needed, one"
            " to learn from and one to test with. Add rows, or leave that row out.",
            column=column,
            label=rarest,
        )
    ratio = float(counts.iloc[0]) / float(counts.iloc[-1])
    if ratio > IMBALANCE:
        notes.append(
            f"Class imbalance {ratio:.1f}:1 ('{str(counts.index[0])[:60]}' {counts.iloc[0]} rows,"
            f" '{rarest[:60]}' {counts.iloc[-1]})."
        )
    return Target(labels, CLASSIFICATION, names, tuple(notes))


def _numbers(table: Table, column: str, present: pd.Series) -> pd.Series:
    numbers = present
    if not pd.api.types.is_numeric_dtype(present) or pd.api.types.is_bool_dtype(present):
        numbers = pd.to_numeric(present.astype(str), errors="coerce")
    numbers = numbers.astype("float64")
    bad = ~np.isfinite(numbers)
    if bad.any():
        position = int(numbers.index[int(bad.to_numpy().argmax())])
        row = table.row_number(position)
        raise DataLoadError(
            f"Target column '{column}', row {row}: {str(present.loc[position])[:60]!r} is no finite"
            " number. Correct it, or choose classification.",
            column=column,
            row=row,
        )
    if numbers.nunique() == 1:
        raise DataLoadError(
            f"Target column '{column}' has only one value ({numbers.iloc[0]:g}): nothing can be"
            " learned.",
            column=column,
        )
    return numbers


def check_split(target: Target, column: str, test_split: float) -> None:
    """Check that both parts of the split can hold every class.

    Raises
    ------
    DataLoadError
        There are too few rows.
    """
    rows = len(target.values)
    test = math.ceil(rows * test_split)
    needed = max(len(target.labels), 2)
    if target.task == REGRESSION and rows < MIN_REGRESSION_ROWS:
        raise DataLoadError(
            f"Too few rows: {rows} with a value in '{column}', at least {MIN_REGRESSION_ROWS} are"
            " needed. Add rows.",
            rows=rows,
        )
    if test < needed or rows - test < needed:
        raise DataLoadError(
            f"Too few rows: {rows} give {rows - test} to learn from and {test} to test with, but"
            f" '{column}' has {needed} classes and each part needs one row of each. Add rows, or"
            " change the test split.",
            rows=rows,
        )
