"""Rows as they come in a request: columns by name, checked one by one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelwright.engine.columns import DATE, LARGEST_NUMBER, NUMERIC, TEXT
from modelwright.engine.errors import ModelTrainerError

MAX_FAULTS = 20
KIND_OF_STEP = {"text": TEXT, "many": TEXT, "numeric": NUMERIC, "date": DATE}


class RowsError(ModelTrainerError):
    """The rows don't fit the model.

    Parameters
    ----------
    faults : list of str
        One for each fault, at most `MAX_FAULTS`; each names the column and, where known, the row.
    """

    code = "rows_error"

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults), faults=list(faults))
        self.faults = list(faults)


@dataclass(frozen=True)
class Column:
    """A column that a model wants.

    Parameters
    ----------
    name, kind : str
        Kind as in `engine.columns`.
    may_be_missing : bool
        Whether an empty cell can be filled: it could be when the model was trained.
    """

    name: str
    kind: str
    may_be_missing: bool


def columns_of(preprocessor: Any) -> tuple[Column, ...]:
    """Return the columns that a fitted pipeline's first part wants, in the table's order."""
    found = {}
    for name, _, columns in preprocessor.transformers:
        kind = KIND_OF_STEP[name.partition("_")[0]]
        for column in columns:
            filled = name.endswith("_filled") or kind != NUMERIC
            found[str(column)] = Column(str(column), kind, filled)
    order = [str(name) for name in preprocessor.feature_names_in_]
    return tuple(found[name] for name in order if name in found)


def cells_check(
    columns: Sequence[Column], table: Mapping[str, Sequence[Any]], *, written: bool = False
) -> dict[str, list[Any]]:
    """Return the cells of every column that the model wants, as it wants them.

    Parameters
    ----------
    columns : sequence of Column
    table : mapping
        Column -> cells, all of one length. Columns that the model doesn't know are left out.
    written : bool
        The cells are texts of a file: numbers are read from them, and an empty one is missing.

    Returns
    -------
    dict
        Column -> cells: float, str or None.

    Raises
    ------
    RowsError
        A column or a needed cell is missing, or of another kind.
    """
    if missing := [column.name for column in columns if column.name not in table]:
        raise RowsError([f"Column {name!r} is missing." for name in missing[:MAX_FAULTS]])
    faults: list[str] = []
    cells = {}
    for column in columns:
        sent = table[column.name]
        if _is_as_wanted(column, sent):
            cells[column.name] = list(map(float, sent)) if column.kind == NUMERIC else list(sent)
            continue
        read = _number if column.kind == NUMERIC else _text
        cells[column.name] = [
            read(column, row, cell, written, faults) for row, cell in enumerate(sent)
        ]
    if faults:
        raise RowsError(faults[:MAX_FAULTS])
    return cells


def _is_as_wanted(column: Column, sent: Sequence[Any]) -> bool:
    """Tell at one glance whether a whole column is good: as nearly always."""
    types = set(map(type, sent))
    if column.kind != NUMERIC:
        return types == {str} and "" not in sent  # in a file, an empty text is a missing cell
    if not types or not types <= {int, float}:
        return False
    return max(map(abs, sent)) <= LARGEST_NUMBER and not any(map(math.isnan, sent))


def _number(column: Column, row: int, cell: Any, written: bool, faults: list[str]) -> float | None:
    if written and isinstance(cell, str):
        cell = _read_number(cell)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        if not column.may_be_missing:
            faults.append(
                f"Column {column.name!r} is empty in row {row + 1}: the model has seen no row"
                " without it."
            )
        return None
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        faults.append(f"Column {column.name!r} must hold numbers; row {row + 1} doesn't.")
        return None
    if not abs(cell) <= LARGEST_NUMBER:
        faults.append(f"Column {column.name!r} holds a number that is too large in row {row + 1}.")
        return None
    return float(cell)


def _read_number(cell: str) -> Any:
    text = cell.strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return cell


def _text(column: Column, row: int, cell: Any, written: bool, faults: list[str]) -> str | None:
    if cell is None or (written and cell == ""):
        return None
    if not isinstance(cell, str):
        what = "dates as text" if column.kind == DATE else "text"
        faults.append(f"Column {column.name!r} must hold {what}; row {row + 1} doesn't.")
        return None
    return cell
