"""Which columns a model can learn from, and as what: numbers, text or dates."""

import re
import warnings
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelwright.engine.errors import DataLoadError
from modelwright.engine.tables import Table

NUMERIC = "numeric"
TEXT = "text"
DATE = "date"

LARGEST_NUMBER = 1e37  # trees compute in single precision
MOSTLY_NUMBERS = 0.9
MAX_WORDS_AMONG_NUMBERS = 3
MAX_CATEGORIES = 100
FREE_TEXT_SHARE = 0.5
FREE_TEXT_DISTINCT = 50
ID_ROWS = 20

_ID_NAME = re.compile(r"(^|[_\s-])(id|uuid|guid|key)$", re.IGNORECASE)
_DATE_START = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}")
_DATE_FORMATS = ("ISO8601", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y")


@dataclass(frozen=True)
class Feature:
    """A column to learn from.

    Parameters
    ----------
    name : str
        Of the column.
    kind : str
        ``numeric``, ``text`` or ``date``.
    missing : bool
        Whether cells are missing.
    distinct : int
        How many different values there are (text only, else 0).
    date_format : str
        How its dates are written (date only).
    """

    name: str
    kind: str
    missing: bool = False
    distinct: int = 0
    date_format: str = ""


@dataclass(frozen=True)
class Prepared:
    """The columns to learn from, made fit for it.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (n_rows, n_features)
        Numbers as float or int, text as str, dates as they were.
    features : tuple of Feature
        One for each column of `frame`.
    warnings : tuple of str
        What was left out or changed.
    """

    frame: pd.DataFrame
    features: tuple[Feature, ...]
    warnings: tuple[str, ...]


def prepare_features(
    table: Table,
    rows: pd.Index,
    columns: Collection[str],
    *,
    target: pd.Series | None = None,
    kinds: dict[str, str] | None = None,
) -> Prepared:
    """Sort out the columns to learn from.

    Parameters
    ----------
    table : Table
        As read.
    rows : pandas.Index
        Those with a usable target.
    columns : collection of str
        Candidates, in order; all are in the table.
    target : pandas.Series, optional
        A column that equals it is left out: it would give the answer away.
    kinds : dict, optional
        Column -> kind where that is known; such a column is taken as it is.

    Raises
    ------
    DataLoadError
        A number is infinite, a column that must hold numbers doesn't, or nothing is left.
    """
    kinds = kinds or {}
    source = table.frame
    if len(rows) != len(source):
        source = source.loc[rows]
    kept: dict[str, pd.Series] = {}
    features: list[Feature] = []
    notes: list[str] = []
    for name in columns:
        series = source[name]
        sorter = _ColumnSorter(table, name, series, notes)
        reason = sorter.reason_to_leave(target, declared=name in kinds)
        if reason:
            notes.append(f"Column '{name}' left out: {reason}.")
            continue
        feature = sorter.sort(kinds.get(name))
        if feature is not None:
            features.append(feature)
            kept[name] = sorter.series
    if not features:
        why = f" ({' '.join(notes[:5])})" if notes else ""
        raise DataLoadError(f"No usable feature columns besides the target.{why} Add columns.")
    return Prepared(pd.DataFrame(kept, copy=False), tuple(features), tuple(notes))


class _ColumnSorter:
    """Finds out what one column is."""

    def __init__(self, table: Table, name: str, series: pd.Series, notes: list[str]) -> None:
        self.table = table
        self.name = name
        self.series = series
        self.notes = notes

    def reason_to_leave(self, target: pd.Series | None, *, declared: bool) -> str:
        """Return why the column can't be used, or nothing."""
        present = self.series.dropna()
        if present.empty:
            return "it has no values"
        if target is not None and _same(self.series, target):
            return "it equals the target and would give the answer away"
        if not declared and _is_constant(present):
            return "it has the same value in every row"
        return ""

    def sort(self, kind: str | None) -> Feature | None:
        """Return what the column is; None where it is left out."""
        if pd.api.types.is_timedelta64_dtype(self.series):
            self.series = self.series.dt.total_seconds()
        if kind is None and pd.api.types.is_datetime64_any_dtype(self.series):
            return Feature(self.name, DATE, bool(self.series.isna().any()), date_format="ISO8601")
        if kind != TEXT and self._is_numeric():
            return self._numeric(declared=kind is not None)
        if kind == NUMERIC:
            raise self._not_a_number()
        self.series = _as_text(self.series)
        if kind is None:
            date_format = self._date_format()
            if date_format:
                return Feature(self.name, DATE, bool(self.series.isna().any()), 0, date_format)
        return self._text(declared=kind is not None)

    def _is_numeric(self) -> bool:
        """Return whether it holds numbers, and make them numbers where they aren't yet."""
        series = self.series
        if pd.api.types.is_bool_dtype(series):
            self.series = series.astype(float)
            return True
        if pd.api.types.is_numeric_dtype(series):
            if pd.api.types.is_complex_dtype(series):
                return False
            if not isinstance(series.dtype, np.dtype):
                self.series = series.astype("float64")
            return True
        present = series.dropna()
        if present.map(lambda value: isinstance(value, bool)).all():
            self.series = series.map({True: 1.0, False: 0.0}).astype(float)
            return True
        return self._mostly_numbers()

    def _mostly_numbers(self) -> bool:
        numbers = pd.to_numeric(self.series.astype(str), errors="coerce")
        words = self.series[numbers.isna() & self.series.notna()]
        present = int(self.series.notna().sum())
        if len(words) > (1 - MOSTLY_NUMBERS) * present:
            return False
        if words.nunique() > MAX_WORDS_AMONG_NUMBERS:
            return False
        if len(words):
            shown = ", ".join(repr(str(w)[:30]) for w in words.unique())
            row = self.table.row_number(int(words.index[0]))
            self.notes.append(
                f"Column '{self.name}': {len(words)} cell(s) hold {shown} among numbers (first in"
                f" row {row}); taken as missing."
            )
        self.series = numbers.astype(float)
        return True

    def _numeric(self, *, declared: bool) -> Feature | None:
        values = self.series.to_numpy(dtype=float)
        bad = np.abs(values) > LARGEST_NUMBER
        if bad.any():
            position = int(self.series.index[int(bad.argmax())])
            row = self.table.row_number(position)
            value = values[int(bad.argmax())]
            what = "an infinite number" if np.isinf(value) else f"a number too large ({value:.3g})"
            raise DataLoadError(
                f"Column '{self.name}', row {row}: {what}. Correct it, or leave the cell empty.",
                column=self.name,
                row=row,
            )
        if not declared and _looks_like_id(self.name, self.series):
            self.notes.append(
                f"Column '{self.name}' left out: a number of its own for every row, an identifier."
            )
            return None
        return Feature(self.name, NUMERIC, bool(np.isnan(values).any()))

    def _text(self, *, declared: bool) -> Feature | None:
        distinct = int(self.series.nunique())
        present = int(self.series.notna().sum())
        if not declared:
            unique = distinct == present and present > ID_ROWS
            free = distinct > FREE_TEXT_DISTINCT and distinct > FREE_TEXT_SHARE * present
            if unique or free:
                self.notes.append(
                    f"Column '{self.name}' left out: {distinct} different texts in {present} rows,"
                    " an identifier or free text."
                )
                return None
            if distinct > MAX_CATEGORIES:
                self.notes.append(
                    f"Column '{self.name}' has {distinct} different texts: the {MAX_CATEGORIES - 1}"
                    " most frequent are told apart, the others taken together."
                )
        return Feature(self.name, TEXT, present < len(self.series), distinct)

    def _date_format(self) -> str:
        present = self.series.dropna()
        if not present.iloc[:20].map(lambda text: bool(_DATE_START.match(text.strip()))).all():
            return ""
        fitting = [f for f in _DATE_FORMATS if _parses(present, f)]
        if {"%d/%m/%Y", "%m/%d/%Y"} <= set(fitting):
            self.notes.append(
                f"Column '{self.name}': dates like {present.iloc[0][:12]!r} were read day first."
            )
        return fitting[0] if fitting else ""

    def _not_a_number(self) -> DataLoadError:
        numbers = pd.to_numeric(self.series.astype(str), errors="coerce")
        words = self.series[numbers.isna() & self.series.notna()]
        row = self.table.row_number(int(words.index[0]))
        return DataLoadError(
            f"Column '{self.name}' must hold numbers; row {row} holds {str(words.iloc[0])[:60]!r}."
            f" Correct it, or leave the cell empty ({len(words)} such cell(s)).",
            column=self.name,
            row=row,
        )


def _as_text(series: pd.Series) -> pd.Series:
    """Return text with NaN where it is missing, whatever the objects were."""
    if isinstance(series.dtype, pd.StringDtype):
        return series
    return (
        series.astype(object)
        .where(series.notna(), np.nan)
        .map(str, na_action="ignore")
        .astype("str")
    )


def _parses(texts: pd.Series, date_format: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = pd.to_datetime(texts, format=date_format, errors="coerce", utc=True)
    return bool(parsed.notna().all())


def _same(series: pd.Series, target: pd.Series) -> bool:
    if series.iloc[0] != target.iloc[0] and str(series.iloc[0]) != str(target.iloc[0]):
        return False
    return bool((series.astype(str).to_numpy() == target.astype(str).to_numpy()).all())


def _is_constant(present: pd.Series) -> bool:
    values = present.to_numpy()
    if values[0] is not values[-1] and str(values[0]) != str(values[-1]):
        return False
    return bool((present.astype(str) == str(values[0])).all())


def _looks_like_id(name: str, series: pd.Series) -> bool:
    if not _ID_NAME.search(name) or len(series) <= ID_ROWS:
        return False
    return bool(series.is_unique and (series.dropna() % 1 == 0).all())
