"""From bytes to text: encodings, and what makes a file no text at all."""

import codecs
from dataclasses import dataclass

from modelwright.engine.errors import DataLoadError
from modelwright.engine.signatures import recognise

_CONTROL = bytes(c for c in range(32) if c not in (9, 10, 13))
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
FALLBACK = "cp1252"
MANY_CONTROLS = 0.02


@dataclass(frozen=True)
class Decoded:
    """A file as text.

    Parameters
    ----------
    utf8 : bytes
        The text as UTF-8, without a byte order mark.
    encoding : str
        That of the file, as Python calls it.
    warnings : tuple of str
        What the user should check.
    """

    utf8: bytes
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, name: str) -> Decoded:
    """Decode a table file.

    UTF-8 with or without a mark, UTF-16 and UTF-32 with one. What is no UTF-8 and holds only bytes
    that Windows-1252 knows is read as that, with a warning.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What messages call it.

    Raises
    ------
    DataLoadError
        It is no text.

    Examples
    --------
    >>> decode("größe".encode("cp1252"), "t.csv").encoding
    'cp1252'
    """
    known = recognise(data)
    if known:
        kind, remedy = known
        raise DataLoadError(f"File '{name}' is {kind}, not a CSV table: {remedy}.", kind=kind)
    encoding = next((e for mark, e in _MARKS if data.startswith(mark)), "utf-8")
    if encoding in {"utf-8", "utf-8-sig"}:
        _refuse_binary(data, name)
        return _decode_eight_bit(data, encoding, name)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataLoadError(
            f"File '{name}' starts like {encoding.upper()} but is damaged at byte {error.start}:"
            " save it again as UTF-8.",
            byte=error.start,
        ) from error
    utf8 = text.encode("utf-8")
    _refuse_binary(utf8, name)
    return Decoded(utf8, encoding)


def _decode_eight_bit(data: bytes, encoding: str, name: str) -> Decoded:
    try:
        data.decode("utf-8")
        return Decoded(data.removeprefix(codecs.BOM_UTF8), encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
    try:
        text = data.decode(FALLBACK)
    except UnicodeDecodeError as error:
        raise DataLoadError(
            f"File '{name}' has an unknown encoding: row {row} is neither UTF-8 nor Windows-1252."
            " Save it as UTF-8.",
            row=row,
        ) from error
    warning = (
        f"File '{name}' is not UTF-8 (row {row}); it was read as Windows-1252. If accented letters"
        " look wrong, save it as UTF-8."
    )
    return Decoded(text.encode("utf-8"), FALLBACK, (warning,))


def _refuse_binary(data: bytes, name: str) -> None:
    """Refuse control characters, and say which kind of file has such ones."""
    cleaned = data.translate(None, _CONTROL)
    found = len(data) - len(cleaned)
    if not found:
        return
    row = 1 + min(data.count(b"\n", 0, data.find(c)) for c in set(data) & set(_CONTROL))
    if _looks_like_utf16(data):
        raise DataLoadError(
            f"File '{name}' looks like UTF-16 without a byte order mark: save it as UTF-8."
        )
    if found > MANY_CONTROLS * len(data):
        raise DataLoadError(
            f"File '{name}' is binary, not a CSV table: export the table as CSV.", row=row
        )
    what = "NUL bytes" if b"\x00" in data else "control characters"
    raise DataLoadError(
        f"File '{name}' holds {what} (first in row {row}): the file is damaged or binary."
        " Export it again as CSV in UTF-8.",
        row=row,
    )


def _looks_like_utf16(data: bytes) -> bool:
    head = data[:4096]
    share = 0.4 * (len(head) // 2)
    return share > 1 and (head[::2].count(0) > share) != (head[1::2].count(0) > share)
