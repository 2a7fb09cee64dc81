"""The first rows of a table, as the pages and the API show them. Pure: no Django."""

from typing import Any

import pandas as pd

from modelwright.catalog.limits import PREVIEW_ROWS

MOST_CELLS = 20_000
MOST_CHARS = 200


def preview_of(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the first rows; of wide tables fewer, of long cells the beginning.

    Examples
    --------
    >>> preview_of(pd.DataFrame({"a": [1, None], "b": ["x", "y"]}))
    {'columns': ['a', 'b'], 'rows': [[1.0, 'x'], [None, 'y']]}
    """
    rows = max(1, min(PREVIEW_ROWS, MOST_CELLS // max(1, len(frame.columns))))
    head = frame.head(rows)
    cells = [[cell_of(value) for value in head[name]] for name in head.columns]
    return {
        "columns": [str(name) for name in head.columns],
        "rows": [list(row) for row in zip(*cells, strict=True)],
    }


def cell_of(value: Any) -> Any:
    """Return a cell as JSON can hold it: a number, true or false, text, or nothing."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if isinstance(value, bool | int | float):
        return value
    if pd.api.types.is_number(value) or pd.api.types.is_bool(value):
        return value.item() if hasattr(value, "item") else str(value)
    text = value.isoformat() if isinstance(value, pd.Timestamp) else str(value)
    return text if len(text) <= MOST_CHARS else f"{text[: MOST_CHARS - 1]}…"
