"""Tables as files: CSV, and Excel's own format (ECMA-376) by hand, without a library."""

import csv
import io
import math
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

Cell = str | float | int | None
MOST_ROWS = 1_048_575  # of a sheet, less its header
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OOXML = "http://schemas.openxmlformats.org"
_FIXED = {
    "[Content_Types].xml": f'<Types xmlns="{_OOXML}/package/2006/content-types">'
    '<Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_OOXML}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_OOXML}/officeDocument/2006/relationships/officeDocument"'
    ' Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_OOXML}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_OOXML}/officeDocument/2006/relationships/worksheet"'
    ' Target="worksheets/sheet1.xml"/></Relationships>',
}


@dataclass(frozen=True)
class Table:
    """Rows with a header.

    Parameters
    ----------
    title : str
        Of the sheet.
    header : sequence of str
        At most 26.
    rows : sequence of sequences
        Text, numbers or None; numbers that are not finite are left empty.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def _known(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def to_csv(table: Table) -> bytes:
    """Write a table as CSV, numbers with every digit.

    Examples
    --------
    >>> to_csv(Table("t", ["a", "b"], [[0.1 + 0.2, math.nan]]))
    b'a,b\\n0.30000000000000004,\\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows([_known(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode()


def to_xlsx(table: Table) -> bytes:
    """Write a table as a workbook of one sheet, numbers as numbers, with every digit.

    Raises
    ------
    ValueError
        There are more rows or columns than a sheet may have.
    """
    if len(table.rows) > MOST_ROWS or len(table.header) > len(_LETTERS):
        raise ValueError("A sheet can't hold so many rows: choose a shorter time, or take CSV.")
    title = escape("".join(c for c in table.title if c not in "[]:*?/\\")[:31], {'"': "&quot;"})
    workbook = (
        f'<workbook xmlns="{_OOXML}/spreadsheetml/2006/main"'
        f' xmlns:r="{_OOXML}/officeDocument/2006/relationships"><sheets>'
        f'<sheet name="{title}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    sheet = (
        f'<worksheet xmlns="{_OOXML}/spreadsheetml/2006/main"><sheetData>'
        f"{''.join(_rows(table))}</sheetData></worksheet>"
    )
    parts = {**_FIXED, "xl/workbook.xml": workbook, "xl/worksheets/sheet1.xml": sheet}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, text in parts.items():
            folder.writestr(name, _XML + text)
    return file.getvalue()


def _rows(table: Table) -> Iterator[str]:
    for number, row in enumerate([table.header, *table.rows], 1):
        cells = "".join(
            _cell(f"{letter}{number}", _known(cell))
            for letter, cell in zip(_LETTERS, row, strict=False)
        )
        yield f'<row r="{number}">{cells}</row>'


def _cell(place: str, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    return f'<c r="{place}"><v>{cell!r}</v></c>'
