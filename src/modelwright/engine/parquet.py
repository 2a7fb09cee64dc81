"""Parquet files, read piece by piece: a large one never lies in memory as a whole.

The reader is arro3 (docs/decisions/0008-parquet.md), made in Rust: of a damaged file it says so, or
ends its process, but never reads beyond it.
"""

import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from modelwright.engine.errors import DataLoadError
from modelwright.engine.optional import load

PIECE_ROWS = 65_536
_PANIC = "PanicException"  # of Rust, and no Exception
_POSITION_INDEX = re.compile(r"__index_level_\d+__")


class ParquetPieces:
    """The columns of a Parquet file, and its rows in pieces.

    Parameters
    ----------
    source : path-like, bytes or binary file
        The file.
    name : str, optional
        What messages call it; default its name without folders.
    piece_rows : int
        Rows of a piece at most.

    Attributes
    ----------
    columns : tuple of str
        Their names, blanks around them cut off. The index that pandas writes beside the columns is
        left out where it has no name.
    left_out : tuple of str
        Columns of lists or records, which no table can hold.
    unpacked_bytes : int
        How large the pieces were that have been given.

    Raises
    ------
    DataLoadError
        It is no Parquet file, damaged, or has a column name twice.

    Notes
    -----
    Numbers stay numbers of their width, as float64 where some are missing; decimals are float64.
    Times stay aware where the file says in which zone they are, and naive where it doesn't.

    Examples
    --------
    >>> from arro3.core import Table
    >>> from arro3.io import write_parquet
    >>> file = io.BytesIO()
    >>> write_parquet(Table.from_pydict({"kw": np.array([1.5, 2.5])}), file)
    >>> [piece["kw"].tolist() for piece in ParquetPieces(file.getvalue(), piece_rows=1)]
    [[1.5], [2.5]]
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | bytes | BinaryIO,
        *,
        name: str = "",
        piece_rows: int = PIECE_ROWS,
    ) -> None:
        self._name = name or (Path(source).name if isinstance(source, str | os.PathLike) else "")
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        if isinstance(file, os.PathLike):
            file = os.fspath(file)
        self._core = load("arro3.core", error=DataLoadError)
        reading = load("arro3.io", error=DataLoadError)
        self._batches = self._careful(
            lambda: reading.read_parquet(file, batch_size=max(1, piece_rows))
        )
        self._convert: dict[str, tuple[str, Callable[[Any], pd.Series]]] = {}
        left_out = []
        for field in self._fields():
            column = field.name.strip()
            if column in self._convert or column in left_out:
                raise DataLoadError(
                    f"Column name '{column}' appears more than once: rename one of them."
                )
            converter = _converter(self._core, field.type)
            if converter is None:
                left_out.append(column)
            else:
                self._convert[column] = field.name, converter
        self.columns = tuple(self._convert)
        self.left_out = tuple(left_out)
        self.unpacked_bytes = 0

    @property
    def notes(self) -> dict[str, str]:
        """Return what the file says beside its columns, name -> text."""
        return self._careful(lambda: dict(self._batches.schema.metadata_str))  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Give the rows, once; the index of each piece counts from 0.

        Raises
        ------
        DataLoadError
            The file is damaged.
        """
        batches = iter(self._batches)
        while True:
            piece = self._careful(lambda: self._next(batches))
            if piece is None:
                return
            yield piece

    def _next(self, batches: Iterator[Any]) -> pd.DataFrame | None:
        batch = next(batches, None)
        if batch is None:
            return None
        self.unpacked_bytes += batch.nbytes
        columns = {
            column: convert(batch.column(name)) for column, (name, convert) in self._convert.items()
        }
        return pd.DataFrame(columns, index=range(batch.num_rows), copy=False)

    def _fields(self) -> Iterator[Any]:
        schema = self._batches.schema
        for position in range(len(schema)):
            field = schema.field(position)
            if not _POSITION_INDEX.fullmatch(field.name):
                yield field

    def _careful(self, read: Callable[[], Any]) -> Any:
        """Translate what the library raises: a bare Exception, or a panic of Rust."""
        try:
            return read()
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
                raise
            if isinstance(error, MemoryError | OSError):
                raise
            raise DataLoadError(
                f"Parquet file '{self._name}' is damaged: write it again."
            ) from error


def _converter(core: Any, kind: Any) -> Callable[[Any], pd.Series] | None:
    """Return what makes a column of pandas of one of Arrow; None for what no table can hold."""
    types = core.DataType
    if types.is_dictionary(kind):
        inner = _converter(core, kind.value_type)
        return None if inner is None else (lambda array: inner(array.cast(kind.value_type)))
    for holds, make in (
        (types.is_boolean, _truths),
        (types.is_float16, lambda array: _numbers(array.cast(types.float32()))),
        (types.is_integer, _numbers),
        (types.is_floating, _numbers),
        (types.is_decimal, lambda array: _numbers(array.cast(types.float64()))),
        (types.is_null, lambda array: pd.Series(np.full(len(array), np.nan))),
        (types.is_timestamp, lambda array: _times(array, types, kind.time_unit, kind.tz)),
        (types.is_date, lambda array: _times(array.cast(types.timestamp("ms")), types, "ms")),
        (types.is_duration, lambda array: _times(array, types, kind.time_unit, name="timedelta64")),
        (types.is_time, _times_of_day),
        (_is_text(types), lambda array: pd.Series(array.to_pylist(), dtype="str")),
        (_is_bytes(types), _texts_of_bytes),
    ):
        if holds(kind):
            return make
    return None


def _is_text(types: Any) -> Callable[[Any], bool]:
    return lambda kind: (
        types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    )


def _is_bytes(types: Any) -> Callable[[Any], bool]:
    return lambda kind: (
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )


def _numbers(array: Any) -> pd.Series:
    if not array.null_count:
        return pd.Series(array.to_numpy())
    return pd.Series(np.array(array.to_pylist(), dtype=np.float64))  # None becomes NaN


def _truths(array: Any) -> pd.Series:
    values = array.to_pylist()
    return pd.Series(values, dtype=object if array.null_count else bool)


def _times(
    array: Any, types: Any, unit: str, zone: str | None = None, name: str = "datetime64"
) -> pd.Series:
    counts = array.cast(types.int64())
    numbers = (
        [np.iinfo(np.int64).min if count is None else count for count in counts.to_pylist()]
        if array.null_count
        else counts.to_numpy()
    )
    found = pd.Series(np.array(numbers, dtype=np.int64).view(f"{name}[{unit}]"))  # least is NaT
    return found if zone is None else found.dt.tz_localize("UTC").dt.tz_convert(zone)


def _times_of_day(array: Any) -> pd.Series:
    return pd.Series(
        [v.isoformat() if isinstance(v, time) else None for v in array.to_pylist()], dtype="str"
    )


def _texts_of_bytes(array: Any) -> pd.Series:
    """Read bytes as the text that they mostly are: some writers don't mark text as such."""
    return pd.Series(
        [
            None if value is None else bytes(value).decode("utf-8", "backslashreplace")
            for value in array.to_pylist()
        ],
        dtype="str",
    )


def parquet_write(
    frame: pd.DataFrame, path: Path, *, notes: Mapping[str, str] | None = None
) -> None:
    """Write a table; `ParquetPieces` gives the same cells back.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns of numbers, truth values, times or text; its index is left out.
    path : Path
        Written over.
    notes : mapping, optional
        Name -> text, kept in the file beside the columns.

    Raises
    ------
    DataLoadError
        The library for Parquet isn't installed.
    OSError
        It can't be written.
    """
    core = load("arro3.core", error=DataLoadError)
    writing = load("arro3.io", error=DataLoadError)
    columns = {str(name): _as_arrow(core, frame[name]) for name in frame.columns}
    with path.open("wb") as file:
        writing.write_parquet(
            core.Table.from_pydict(columns), file, key_value_metadata=dict(notes or {})
        )
        file.flush()
        os.fsync(file.fileno())


def parquet_notes(path: Path) -> dict[str, str]:
    """Return what was noted in a Parquet file beside its columns. Raises DataLoadError."""
    return ParquetPieces(path).notes


def _as_arrow(core: Any, column: pd.Series) -> Any:
    types = core.DataType
    if pd.api.types.is_bool_dtype(column) and column.dtype != object:
        return core.Array(column.tolist(), types.bool())
    if column.dtype == object and column.dropna().map(lambda cell: cell in (True, False)).all():
        return core.Array([None if pd.isna(c) else bool(c) for c in column], types.bool())
    if pd.api.types.is_numeric_dtype(column):
        return core.Array(np.ascontiguousarray(column.to_numpy()))
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        zone = str(column.dtype.tz)
        naive = column.dt.tz_convert("UTC").dt.tz_localize(None)
        return _counts(core, naive, types.timestamp(column.dtype.unit, tz=zone))
    if pd.api.types.is_datetime64_dtype(column):
        return _counts(core, column, types.timestamp(np.datetime_data(column.dtype)[0]))
    if pd.api.types.is_timedelta64_dtype(column):
        return _counts(core, column, types.duration(np.datetime_data(column.dtype)[0]))
    return core.Array([None if pd.isna(c) else str(c) for c in column], types.string())


def _counts(core: Any, column: pd.Series, kind: Any) -> Any:
    whole = column.to_numpy().view("int64")
    gaps = column.isna().to_numpy()
    cells = [None if gap else int(count) for count, gap in zip(whole, gaps, strict=True)]
    return core.Array(cells, core.DataType.int64()).cast(kind)
