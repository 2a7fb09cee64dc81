"""Reading a table from a file that may be anything."""

import csv
import errno
import hashlib
import io
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from modelwright.engine.config import TableLimits
from modelwright.engine.errors import DataLoadError
from modelwright.engine.parquet import ParquetPieces
from modelwright.engine.signatures import PARQUET_MAGIC
from modelwright.engine.table_layout import Layout, table_layout
from modelwright.engine.text import decode

__all__ = ["Table", "TableLimits", "read_table"]

_DECIMAL_COMMA = r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)?(?:,\d+)?"
_CSV_SUFFIXES = "a CSV (.csv, .tsv, .txt) or Parquet (.parquet) file"


@dataclass(frozen=True)
class Table:
    """A table that was read.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows; the index counts from 0.
    encoding : str
        Of the file; ``parquet`` where it isn't text.
    delimiter : str
        Between the cells; empty for Parquet.
    sha256 : str
        Of the file's bytes.
    warnings : tuple of str
        What the user should know.
    skipped_rows : tuple of int
        Rows of the file (the header is row 1) that are blank.
    """

    frame: pd.DataFrame
    encoding: str
    delimiter: str
    sha256: str
    warnings: tuple[str, ...] = ()
    skipped_rows: tuple[int, ...] = field(default=(), repr=False)

    def row_number(self, position: int) -> int:
        """Return the row of the file, as a spreadsheet counts (the header is row 1).

        Parameters
        ----------
        position : int
            Index in `frame`.
        """
        number = position + 2
        for skipped in self.skipped_rows:
            if skipped > number:
                break
            number += 1
        return number


def read_table(
    path: str | os.PathLike[str],
    *,
    limits: TableLimits | None = None,
    display_name: str | None = None,
) -> Table:
    """Read a CSV or Parquet file.

    Parameters
    ----------
    path : path-like
        A regular file.
    limits : TableLimits, optional
        How large it may be.
    display_name : str, optional
        What messages call it; default its name without folders.

    Returns
    -------
    Table

    Raises
    ------
    DataLoadError
        Whatever is wrong with the file; the message names the place and the remedy.

    Notes
    -----
    Text is UTF-8, UTF-16 or UTF-32 with a mark, or Windows-1252 (with a warning). The delimiter is
    the one of ``, ; tab |`` that splits the first rows most evenly. Numbers may have a decimal
    comma where the delimiter isn't a comma. Empty cells and the usual words (NA, null, …) are
    missing values.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "t.csv")
    ...     _ = path.write_text("a;b\\n1,5;x\\n2,5;y\\n")
    ...     table = read_table(path)
    >>> table.delimiter, table.frame["a"].tolist()
    (';', [1.5, 2.5])
    """
    limits = limits or TableLimits()
    name = display_name or Path(path).name
    data = _read_bytes(path, limits, name)
    if data.startswith(PARQUET_MAGIC):
        return _read_parquet(data, limits, name)
    if not data.strip():
        what = "is empty (0 bytes)" if not data else "is empty: it holds only blanks"
        raise DataLoadError(f"Dataset file '{name}' {what}. Give a table with a header and rows.")
    decoded = decode(data, name)
    layout = table_layout(decoded.utf8, limits, name)
    frame = _frame(decoded.utf8, layout, name)
    warnings = [*decoded.warnings, *layout.warnings]
    if layout.delimiter != ",":
        warnings += _read_decimal_commas(frame)
    return Table(
        frame=frame,
        encoding=decoded.encoding,
        delimiter=layout.delimiter,
        sha256=hashlib.sha256(data).hexdigest(),
        warnings=tuple(warnings),
        skipped_rows=layout.blank_rows,
    )


def _read_bytes(path: str | os.PathLike[str], limits: TableLimits, name: str) -> bytes:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError as error:
        raise DataLoadError(f"Dataset file '{name}' not found. Check the path.") from error
    except PermissionError as error:
        raise DataLoadError(
            f"Dataset file '{name}' may not be read: give the server read permission."
        ) from error
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise DataLoadError("The name of the dataset file is too long.") from error
        raise DataLoadError(f"Dataset file '{name}' can't be opened. Check the path.") from error
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):  # no file object can be made of one
        os.close(descriptor)
        raise DataLoadError(f"'{name}' is a folder: give {_CSV_SUFFIXES}.")
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise DataLoadError(f"'{name}' is a pipe or device: give {_CSV_SUFFIXES}.")
        try:
            data = file.read(limits.max_bytes + 1)
        except OSError as error:
            raise DataLoadError(
                f"Dataset file '{name}' can't be read: {error.strerror}."
            ) from error
    if len(data) > limits.max_bytes:
        raise DataLoadError(
            f"Dataset file '{name}' is larger than the limit of {limits.max_bytes:,} bytes:"
            " leave out rows or columns.",
            limit=limits.max_bytes,
        )
    return data


def _frame(utf8: bytes, layout: Layout, name: str) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            io.BytesIO(utf8),
            sep=layout.delimiter,
            header=None,
            names=range(len(layout.header)),
            skiprows=layout.header_row,
            index_col=False,
            low_memory=False,
            quoting=csv.QUOTE_MINIMAL,
        )
    except (ValueError, OverflowError) as error:  # ParserError is a ValueError
        raise DataLoadError(f"File '{name}' is malformed: {_first_line(error)}.") from error
    if len(frame) != layout.rows:
        raise DataLoadError(
            f"File '{name}' is malformed: {layout.rows} rows were counted but {len(frame)} read."
            " Check its quotes and line ends, and save it again as CSV."
        )
    frame.columns = pd.Index(layout.header)
    return frame.drop(columns=[""]) if "" in layout.header else frame


def _read_decimal_commas(frame: pd.DataFrame) -> list[str]:
    """Turn columns of numbers with a decimal comma into numbers, in place."""
    warnings = []
    for column in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[column]):
            continue
        present = frame[column].dropna().astype(str).str.strip()
        if present.empty or not present.iloc[:100].str.contains(",", regex=False).any():
            continue
        if not present.str.fullmatch(_DECIMAL_COMMA).all() or (present == "").any():
            continue
        plain = present.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        numbers = pd.Series(np.nan, index=frame.index)
        numbers.loc[plain.index] = plain.astype(float).to_numpy()
        frame[column] = numbers
        warnings.append(f"Column '{column}': numbers with a decimal comma.")
    return warnings


def _read_parquet(data: bytes, limits: TableLimits, name: str) -> Table:
    pieces = ParquetPieces(data, name=name)
    _check_limit("columns", len(pieces.columns), limits.max_columns, name)
    read: list[pd.DataFrame] = []
    rows = 0
    for piece in pieces:
        rows += len(piece)
        _check_limit("rows", rows, limits.max_rows, name)
        _check_limit("bytes when unpacked", pieces.unpacked_bytes, limits.max_bytes, name)
        read.append(piece)
    if not rows:
        raise DataLoadError(f"Dataset file '{name}' has no rows.")
    if not pieces.columns:
        raise DataLoadError(f"Parquet file '{name}' has no columns that a table can hold.")
    return Table(
        frame=pd.concat(read, ignore_index=True),
        encoding="parquet",
        delimiter="",
        sha256=hashlib.sha256(data).hexdigest(),
        warnings=tuple(
            f"Column '{column}' left out: it holds lists or records." for column in pieces.left_out
        ),
    )


def _check_limit(what: str, found: int, limit: int, name: str) -> None:
    if found > limit:
        raise DataLoadError(
            f"Parquet file '{name}' has more than {limit:,} {what}, which is the limit.",
            limit=limit,
        )


def _first_line(error: BaseException) -> Any:
    return (str(error).strip().splitlines() or ["unreadable"])[0][:200].rstrip(".")
