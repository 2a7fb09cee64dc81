"""Rows that came after a table: what was predicted, and what really happened. Light."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class LaterRow:
    """One prediction whose truth is known.

    Parameters
    ----------
    key : str
        Of the prediction: by it the row is known again in a later table.
    inputs : mapping
        Column -> cell, as it was sent.
    truth : str or float
        What really happened.
    """

    key: str
    inputs: Mapping[str, Any]
    truth: str | float


def rows_read(path: Path) -> Iterator[LaterRow]:
    """Read rows as `rows_line` wrote them, one a line."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield LaterRow(*json.loads(line))


def rows_line(row: LaterRow) -> str:
    """Return a row as one line of JSON.

    Examples
    --------
    >>> rows_line(LaterRow("a", {"kw": 1.5}, "yes"))
    '["a", {"kw": 1.5}, "yes"]\\n'
    """
    return json.dumps([row.key, dict(row.inputs), row.truth]) + "\n"
