"""Recognising what a file is by its first bytes, where it isn't a table as text."""

import re

PARQUET_MAGIC = b"PAR1"

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (
        b"PK\x03\x04",
        "a zip archive or an Excel workbook (.xlsx)",
        "save the sheet as CSV, or unpack it",
    ),
    (b"PK\x05\x06", "an empty zip archive", "unpack it and give the CSV file"),
    (b"\x1f\x8b", "a gzip archive", "unpack it and give the CSV file"),
    (b"BZh", "a bzip2 archive", "unpack it and give the CSV file"),
    (b"\xfd7zXZ\x00", "an xz archive", "unpack it and give the CSV file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it and give the CSV file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "unpack it and give the CSV file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", "save the sheet as CSV"),
    (b"\x89PNG", "a PNG image", "give a CSV file"),
    (b"\xff\xd8\xff", "a JPEG image", "give a CSV file"),
    (b"GIF8", "a GIF image", "give a CSV file"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
    (b"SQLite format 3\x00", "a SQLite database", "export the table as CSV"),
    (b"\x89HDF", "an HDF5 file", "export the table as CSV"),
    (b"\x93NUMPY", "a NumPy array", "export the table as CSV"),
    (b"ARROW1", "an Arrow (Feather) file", "export the table as CSV or Parquet"),
    (b"ORC", "an ORC file", "export the table as CSV or Parquet"),
    (b"\x7fELF", "a program", "give a CSV file"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_HTML = re.compile(rb"\s*<(!doctype|html|head|body|\?xml|table)", re.IGNORECASE)
_JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{"\]\d-])')
_ORC_TEXT = re.compile(rb"ORC[\w ,;|\t\r\n]")


def recognise(data: bytes) -> tuple[str, str] | None:
    """Tell what a file is that is no CSV.

    Parameters
    ----------
    data : bytes
        The file, or at least its first 100 bytes.

    Returns
    -------
    kind : str
        What it is, with its article.
    remedy : str
        What to do.
        None where nothing is recognised: it may well be a table.

    Examples
    --------
    >>> recognise(b"%PDF-1.7")
    ('a PDF document', 'export the table as CSV')
    >>> recognise(b"a,b") is None
    True
    """
    head = data[:512].removeprefix(b"\xef\xbb\xbf")
    for magic, kind, remedy in _MAGIC:
        if head.startswith(magic) and not _ORC_TEXT.match(head):
            return kind, remedy
    if _PICKLE.match(head):
        return "a Python pickle", "export the table as CSV; pickles are never opened"
    if _HTML.match(head):
        return "a web page (HTML or XML)", "download the file itself, as CSV"
    if _JSON.match(head):
        return "a JSON file", "export the table as CSV"
    return None
