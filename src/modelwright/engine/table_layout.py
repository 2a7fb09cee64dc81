"""How a CSV is laid out: its delimiter and header, and whether every row fits."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from modelwright.engine.config import TableLimits
from modelwright.engine.errors import DataLoadError

DELIMITERS = (",", ";", "\t", "|")
SNIFF_ROWS = 20
SNIFF_BYTES = 256 * 1024
SHOWN_CHARS = 60


@dataclass(frozen=True)
class Layout:
    """A CSV whose rows all fit its header.

    Parameters
    ----------
    delimiter : str
        Between the cells.
    header : tuple of str
        Column names, blanks around them cut off. An empty one is a column to be dropped.
    header_row : int
        Row of the file that holds it; the first is 1.
    rows : int
        Rows below the header, blank ones not counted.
    blank_rows : tuple of int
        Rows (the first of the file is 1) that are blank.
    warnings : tuple of str
        What the user should know.
    """

    delimiter: str
    header: tuple[str, ...]
    header_row: int
    rows: int
    blank_rows: tuple[int, ...]
    warnings: tuple[str, ...] = ()


def sniff_delimiter(utf8: bytes) -> str:
    """Return the delimiter that splits the first rows into most cells, evenly if any does.

    Examples
    --------
    >>> sniff_delimiter(b"a;b\\n1,5;2,5\\n")
    ';'
    """
    sample = utf8[:SNIFF_BYTES].decode("utf-8", "ignore")
    best, best_score = ",", (False, 1)
    for delimiter in DELIMITERS:
        rows = []
        try:
            reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            rows = [row for row in islice(reader, SNIFF_ROWS) if not _is_blank(row)]
        except csv.Error:
            continue
        if len(utf8) > SNIFF_BYTES and len(rows) < SNIFF_ROWS:
            rows = rows[:-1] or rows  # the last may be cut off
        widths = {len(row) for row in rows}
        width = len(rows[0]) if rows else 1
        score = (len(widths) == 1 and width > 1, width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def table_layout(utf8: bytes, limits: TableLimits, name: str) -> Layout:
    """Check every row of a CSV against its header and the limits.

    Parameters
    ----------
    utf8 : bytes
        The whole file, as UTF-8.
    limits : TableLimits
        How large it may be.
    name : str
        What messages call it.

    Raises
    ------
    DataLoadError
        With the row and the remedy.

    Examples
    --------
    >>> layout = table_layout(b"a,b\\n1,2\\n", TableLimits(), "t.csv")
    >>> layout.header, layout.rows
    (('a', 'b'), 1)
    """
    delimiter = sniff_delimiter(utf8)
    blank: list[int] = []
    rows = _rows(utf8, delimiter, blank, limits, name)
    first = next(rows, None)
    if first is None:
        raise DataLoadError(f"Dataset file '{name}' is empty: it holds only blanks.")
    header_row, cells = first
    _check_width(cells, limits, name)
    quick = _quick_check(utf8, delimiter, cells, limits)
    if quick is None:
        count, spill = _check_rows(rows, cells, limits)
    else:
        spill = set()
        count, blank = quick
    if not count:
        raise DataLoadError(
            f"Dataset file '{name}' has a header but no rows. Add rows below the header."
        )
    header, warnings = _header(cells, spill=spill)
    return Layout(delimiter, header, header_row, count, tuple(blank), warnings)


def _rows(
    utf8: bytes, delimiter: str, blank: list[int], limits: TableLimits, name: str
) -> Iterator[tuple[int, list[str]]]:
    """Give the number of each row that isn't blank, and its cells."""
    lines = io.TextIOWrapper(io.BytesIO(utf8), encoding="utf-8", newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    try:
        for row in reader:
            number += 1
            if _is_blank(row):
                blank.append(number)
            else:
                yield number, row
    except csv.Error as error:
        raise _malformed(error, number + 1, limits, name) from error


def _malformed(error: csv.Error, row: int, limits: TableLimits, name: str) -> DataLoadError:
    reason = str(error)
    if "unexpected end" in reason:
        text = 'a quote (") that is opened there is never closed. Close it or double it'
    elif "field larger" in reason:
        text = (
            f"a cell is longer than the limit of {limits.max_cell_chars:,} characters; perhaps a"
            ' quote (") is never closed'
        )
    elif "expected after" in reason:
        text = 'a cell goes on after its closing quote ("). Double quotes that belong to the text'
    else:
        text = f"{reason}. Save it again as CSV"
    return DataLoadError(f"File '{name}' is malformed in row {row}: {text}.", row=row)


def _check_width(cells: list[str], limits: TableLimits, name: str) -> None:
    if len(cells) > limits.max_columns:
        raise DataLoadError(
            f"Dataset file '{name}' has {len(cells):,} columns; the limit is"
            f" {limits.max_columns:,}. Leave out columns that aren't needed.",
            columns=len(cells),
            limit=limits.max_columns,
        )


def _quick_check(
    utf8: bytes, delimiter: str, header: list[str], limits: TableLimits
) -> tuple[int, list[int]] | None:
    """Count rows and list blank ones in a table that needs no parsing; None where it may need it.

    Without quotes a row is right where it has enough delimiters. Some eight times faster.
    """
    if b'"' in utf8 or utf8.count(b"\r") != utf8.count(b"\r\n") or not all(map(str.strip, header)):
        return None
    mark, needed = delimiter.encode("ascii"), len(header) - 1
    longest = limits.max_cell_chars
    good, blank = 0, []
    for number, line in enumerate(io.BytesIO(utf8), start=1):
        if not line.strip() and (not needed or mark not in line):
            blank.append(number)
        elif line.count(mark) != needed or len(line) > longest:
            return None
        else:
            good += 1
    rows = good - 1
    return None if rows > limits.max_rows else (rows, blank)


def _check_rows(
    rows: Iterator[tuple[int, list[str]]], header: list[str], limits: TableLimits
) -> tuple[int, set[int]]:
    """Count the rows, and say which columns without a name hold something."""
    width = len(header)
    nameless = [i for i, cell in enumerate(header) if not cell.strip()]
    filled: set[int] = set()
    count = 0
    for number, row in rows:
        if len(row) != width:
            raise DataLoadError(
                f"Row {number} has {len(row)} cells, the header has {width}. Check that row for a"
                " missing or extra delimiter, or put quotes around text that holds one.",
                row=number,
            )
        longest = max(map(len, row))
        if longest > limits.max_cell_chars:
            column = header[max(range(width), key=lambda i: len(row[i]))][:SHOWN_CHARS]
            raise DataLoadError(
                f"Column '{column}', row {number}: the cell has {longest:,} characters; the limit"
                f" is {limits.max_cell_chars:,}. Shorten it, or leave out the column.",
                column=column,
                row=number,
            )
        filled.update(i for i in nameless if row[i].strip())
        count += 1
        if count > limits.max_rows:
            raise DataLoadError(
                f"The table has more than the limit of {limits.max_rows:,} rows: leave out some.",
                limit=limits.max_rows,
            )
    return count, filled


def _header(cells: list[str], *, spill: set[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    header = tuple(cell.strip() for cell in cells)
    longest = max(header, key=len)
    if len(longest) > 255:
        raise DataLoadError(
            f"A column name has {len(longest):,} characters ('{longest[:SHOWN_CHARS]}…'): the first"
            " row must hold short column names."
        )
    for index in sorted(spill):
        raise DataLoadError(
            f"Column {index + 1} has no name in the header: name it or leave it out"
            " (pandas writes such a column unless told index=False).",
            column=index + 1,
        )
    seen: set[str] = set()
    for column in header:
        if column and column in seen:
            raise DataLoadError(
                f"Column name '{column[:SHOWN_CHARS]}' appears more than once: rename one of them.",
                column=column,
            )
        seen.add(column)
    if not any(header):
        raise DataLoadError("The header has no column names: the first row must hold them.")
    empty = header.count("")
    warnings = (f"{empty} empty column(s) without a name left out.",) if empty else ()
    return header, warnings


def _is_blank(row: list[str]) -> bool:
    return not row or (len(row) == 1 and not row[0].strip())
