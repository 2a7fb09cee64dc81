"""Plain bodies of requests for predictions. Light: no library but Python's own.

Nearly every request is some plain rows and nothing else. `quick_table` reads those and gives None
for whatever it would have to think about, errors among them, so that there is one place that words
errors: the REST view, which then gets the request.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

MAX_ROWS = 10_000
MAX_KEY_CHARS = 200
CANT_EXPLAIN = "The model of a machine can't explain single predictions. Ask without explain."
_FORMS = ("row", "rows", "columns")
_FIELDS = frozenset((*_FORMS, "key", "keys"))
_PLAIN = frozenset((str, int, float, bool, type(None)))
_INT_RANGE = 2**63
_ODD_TEXT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")  # NUL, half a pair
ID_DIGITS = 8  # of the row, at the end of a prediction's id


@dataclass(frozen=True)
class QuickTable:
    """The rows of a request.

    Parameters
    ----------
    cells : mapping
        Column -> cells, all of one length.
    keys : sequence of str
        One a row, or empty.
    """

    cells: Mapping[str, Sequence[Any]]
    keys: Sequence[str]

    @property
    def size(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.cells.values())))


def quick_table(body: bytes) -> QuickTable | None:
    """Return the rows of a body in JSON; None: look at it the long way.

    Examples
    --------
    >>> quick_table(b'{"row": {"age": 41}, "key": "employee-7"}')
    QuickTable(cells={'age': [41]}, keys=['employee-7'])
    >>> quick_table(b'{"row": {"age": 41}, "explain": true}') is None
    True
    """
    try:
        sent = json.loads(body.decode(), parse_constant=_refuse)
        if _ODD_TEXT.search(body) and b"\\u0000" in json.dumps(sent, ensure_ascii=False).encode():
            return None  # half a pair can't be encoded at all
    except (ValueError, RecursionError):
        return None
    if type(sent) is not dict or not sent.keys() <= _FIELDS:
        return None
    forms = [name for name in _FORMS if name in sent]
    if len(forms) != 1:
        return None
    cells = _cells(forms[0], sent[forms[0]])
    if cells is None or not all(map(_is_storable, cells.values())):
        return None
    keys = _keys(sent, len(next(iter(cells.values()))))
    return None if keys is None else QuickTable(cells, keys)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _cells(form: str, sent: Any) -> dict[str, list[Any]] | None:
    """Return the columns of rows that all have the same ones, and at least one."""
    if form == "columns":
        if type(sent) is not dict or not all(type(cells) is list for cells in sent.values()):
            return None
        sizes = {len(cells) for cells in sent.values()}
        return sent if len(sizes) == 1 and 1 <= min(sizes) <= MAX_ROWS else None
    rows = [sent] if form == "row" else sent
    if type(rows) is not list or not 1 <= len(rows) <= MAX_ROWS:
        return None
    if not all(type(row) is dict for row in rows):
        return None
    names = rows[0].keys()
    if not names or not all(row.keys() == names for row in rows):
        return None
    return {name: [row[name] for row in rows] for name in names}


def _is_storable(cells: list[Any]) -> bool:
    """Tell whether every database can store the cells."""
    types = set(map(type, cells))
    if not types <= _PLAIN:
        return False
    if not types & {int, float}:
        return True
    return all(
        math.isfinite(cell) if type(cell) is float else -_INT_RANGE <= cell < _INT_RANGE
        for cell in cells
        if type(cell) is float or type(cell) is int
    )


def _keys(sent: Mapping[str, Any], size: int) -> Sequence[str] | None:
    if "key" in sent:
        if "row" not in sent or "keys" in sent:
            return None
        keys = [sent["key"]]
    else:
        keys = sent.get("keys", [])
        if type(keys) is not list or ("keys" in sent and len(keys) != size):
            return None
    return keys if all(map(_is_key, keys)) else None


def _is_key(key: Any) -> bool:
    return type(key) is str and 0 < len(key) <= MAX_KEY_CHARS and key == key.strip()


def quick_id(seed: str, row: int) -> str:
    """Return a row's prediction id: a UUID whose last digits are the row's number.

    Parameters
    ----------
    seed : str
        A random UUID, one for each request.
    row : int

    Examples
    --------
    >>> quick_id("7f3c1a52-93b1-4f0e-8a6d-2f1b0c5d6e7f", 10)
    '7f3c1a52-93b1-4f0e-8a6d-2f1b0000000a'
    """
    return f"{seed[:-ID_DIGITS]}{row:0{ID_DIGITS}x}"
