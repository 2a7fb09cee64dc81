"""Rows of a table as a model takes them."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from modelwright.engine.columns import NUMERIC
from modelwright.engine.serving.rows import Column


def cells_of(frame: pd.DataFrame, columns: Sequence[Column]) -> dict[str, list[Any]]:
    """Return the columns of a table that a model wants, as JSON would bring them.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `read_table` gives it.
    columns : sequence of Column
        Those that the table doesn't have are left out.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [41, None], "code": [7.0, None]})
    >>> cells_of(frame, [Column("age", "numeric", True), Column("code", "text", True)])
    {'age': [41.0, None], 'code': ['7', None]}
    """
    return {
        column.name: (_numbers if column.kind == NUMERIC else texts_of)(frame[column.name])
        for column in columns
        if column.name in frame
    }


def _numbers(cells: pd.Series) -> list[Any]:
    if pd.api.types.is_numeric_dtype(cells):
        cells = cells.astype(float)
    return [None if missing else cell for cell, missing in zip(cells, cells.isna(), strict=True)]


def texts_of(cells: pd.Series) -> list[str | None]:
    """Return texts; a whole number that an empty cell has made a float is written as it was."""
    return [
        None if missing else _text(cell) for cell, missing in zip(cells, cells.isna(), strict=True)
    ]


def _text(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
