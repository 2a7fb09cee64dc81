"""What there is to know about each column of a table, whatever is to be predicted. No Django."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from modelwright.catalog.preview import cell_of
from modelwright.engine.columns import DATE, NUMERIC, prepare_features
from modelwright.engine.errors import DataLoadError
from modelwright.engine.parameters import CLASSIFICATION
from modelwright.engine.tables import Table
from modelwright.engine.targets import guess_task

BINS = 20
MOST_FREQUENT = 20
UNUSABLE = "unusable"
_BESIDE = "\0beside"  # no column of a file is called so


def columns_of(table: Table) -> list[dict[str, Any]]:
    """Return name, dtype, missing, distinct, kind and suggested task of every column.

    Examples
    --------
    >>> table = Table(pd.DataFrame({"a": [1, 2, 2]}), "utf-8", ",", "")
    >>> [(c["name"], c["dtype"], c["missing"], c["distinct"]) for c in columns_of(table)]
    [('a', 'int64', 0, 2)]
    """
    return [_column(table, str(name)) for name in table.frame.columns]


def _column(table: Table, name: str) -> dict[str, Any]:
    series = comparable(table.frame[name])
    present = series.dropna()
    kind = kind_of(table, name)
    return {
        "name": name,
        "dtype": str(table.frame[name].dtype),
        "missing": len(series) - len(present),
        "distinct": int(present.nunique()),
        "kind": kind.kind,
        "note": kind.note,
        "date_format": kind.date_format,
        "suggested_task": guess_task(present) if len(present) else CLASSIFICATION,
    }


def comparable(series: pd.Series) -> pd.Series:
    """Return the column with values that can be counted: lists and the like become text."""
    if series.dtype != object:
        return series
    try:
        hash(tuple(series.dropna().iloc[:1000]))
        series.nunique()
    except TypeError:
        return series.map(str, na_action="ignore")
    return series


@dataclass(frozen=True)
class Kind:
    """As what a training takes a column.

    Parameters
    ----------
    kind : str
        ``numeric``, ``text``, ``date`` or ``unusable``.
    note : str
        What a training says about it: why it is left out, what it takes as missing.
    date_format : str
        How its dates are written, where it has such.
    """

    kind: str
    note: str = ""
    date_format: str = ""


def kind_of(table: Table, name: str) -> Kind:
    """Return as what a training takes a column."""
    alone = table.frame[[name]].assign(**{_BESIDE: 0})
    try:
        prepared = prepare_features(
            dataclasses.replace(table, frame=alone),
            alone.index,
            [name, _BESIDE],
            kinds={_BESIDE: NUMERIC},
        )
    except DataLoadError as error:
        return Kind(UNUSABLE, error.message)
    note = " ".join(prepared.warnings)
    found = next((feature for feature in prepared.features if feature.name == name), None)
    return Kind(found.kind, note, found.date_format) if found else Kind(UNUSABLE, note)


def profile_of(table: Table, columns: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the shape of every column and what the table as a whole may lack.

    Parameters
    ----------
    table : Table
    columns : list of dict
        What `columns_of` gave.
    """
    frame = table.frame
    rows = len(frame)
    return {
        "row_count": rows,
        "column_count": len(columns),
        "missing_cells": sum(column["missing"] for column in columns),
        "duplicate_rows": _duplicates(frame),
        "constant_columns": [c["name"] for c in columns if c["distinct"] == 1],
        "empty_columns": [c["name"] for c in columns if c["distinct"] == 0],
        "unusable_columns": [c["name"] for c in columns if c["kind"] == UNUSABLE],
        "columns": {
            c["name"]: shape_of(comparable(frame[c["name"]]), c["kind"], c["date_format"])
            for c in columns
        },
    }


def _duplicates(frame: pd.DataFrame) -> int:
    if any(frame[name].dtype == object for name in frame.columns):
        frame = frame.apply(comparable)
    return int(frame.duplicated().sum())


def shape_of(series: pd.Series, kind: str, date_format: str = "") -> dict[str, Any]:
    """Return the distribution of one column.

    Parameters
    ----------
    series : pandas.Series
    kind, date_format : str
        As `kind_of` says it.

    Examples
    --------
    >>> shape_of(pd.Series(["a", "b", "a"]), "text")["frequent"]
    [{'value': 'a', 'count': 2}, {'value': 'b', 'count': 1}]
    """
    present = series.dropna()
    counts = present.value_counts()
    shape: dict[str, Any] = {
        "frequent": [
            {"value": cell_of(value), "count": int(count)}
            for value, count in counts.iloc[:MOST_FREQUENT].items()
        ],
        "other": int(counts.iloc[MOST_FREQUENT:].sum()),
    }
    if kind == DATE:
        shape |= _dates(present, date_format)
    elif kind == NUMERIC or pd.api.types.is_numeric_dtype(series):
        shape |= _numbers(present)
    return shape


def _numbers(present: pd.Series) -> dict[str, Any]:
    values = pd.to_numeric(present, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    values = values[np.isfinite(values)]
    if not len(values):
        return {}
    with np.errstate(all="ignore"):
        low, quarter, middle, three_quarters, high = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    with np.errstate(all="ignore"):
        summary: dict[str, Any] = {
            "min": low,
            "p25": quarter,
            "median": middle,
            "p75": three_quarters,
            "max": high,
            "mean": values.mean(),
            "std": values.std(ddof=1) if len(values) > 1 else None,
            "negative": int((values < 0).sum()),
            "zero": int((values == 0).sum()),
        }
        wide = bool(np.isfinite(high - low))
    if wide:
        summary["histogram"] = histogram_of(values)
    return summary


def histogram_of(values: Any) -> dict[str, Any]:
    """Return the counts of numbers in bins of equal width, and the bins' edges."""
    bins = max(1, min(BINS, len(np.unique(values[:10_000]))))
    try:
        counts, edges = np.histogram(values, bins=bins)
    except ValueError:  # numbers so close that there is nothing between them
        counts, edges = np.histogram(values, bins=1)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _dates(present: pd.Series, date_format: str) -> dict[str, Any]:
    moments = pd.to_datetime(present, errors="coerce", utc=True, format=date_format).dropna()
    if moments.empty:
        return {}
    return {"min": moments.min().isoformat(), "max": moments.max().isoformat()}
