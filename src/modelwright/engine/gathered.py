"""A table with rows added that came later."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from modelwright.engine.errors import DataLoadError
from modelwright.engine.later_rows import LaterRow
from modelwright.engine.parquet import parquet_notes, parquet_write
from modelwright.engine.targets import as_labels
from modelwright.engine.words import label_of_number

NOTE = "modelwright.predictions"
"""Under this name the file itself says which predictions its last rows are, in their order."""


@dataclass(frozen=True)
class Gathered:
    """A table that was put together.

    Parameters
    ----------
    frame : pandas.DataFrame
        All rows: those of the first table, then those that came later, the oldest first.
    keys : tuple of str
        Of the predictions that the last rows are.
    """

    frame: pd.DataFrame
    keys: tuple[str, ...]


def rows_gather(
    base: pd.DataFrame,
    rows: Sequence[LaterRow],
    target: str,
    *,
    earlier: Gathered | None = None,
    are_labels: bool = False,
    only_later: bool = False,
    max_rows: int = 5_000_000,
) -> Gathered:
    """Add rows that came later to a table, in its columns and of its kinds.

    Parameters
    ----------
    base : pandas.DataFrame
        The table at the beginning.
    rows : sequence of LaterRow
        Oldest first.
    target : str
        The column that the truth goes into.
    earlier : Gathered, optional
        A table that was put together before. Of its rows that came later, those that `rows` doesn't
        hold stay: their predictions are no longer kept.
    are_labels : bool
        The truths are classes: a later row that is the only one of its class is left out, since
        nobody could learn and test with it.
    only_later : bool
        Leave out the rows of `base` and of `earlier`: only `rows` count.
    max_rows : int
        Rows at most; of those that came later the oldest are left out.

    Returns
    -------
    Gathered

    Raises
    ------
    DataLoadError
        The table doesn't have the column `target`.

    Examples
    --------
    >>> base = pd.DataFrame({"kw": [1.0, 2.0], "ok": ["yes", "no"]})
    >>> rows_gather(base, [LaterRow("a", {"kw": 3}, "no")], "ok").frame.to_dict("list")
    {'kw': [1.0, 2.0, 3.0], 'ok': ['yes', 'no', 'no']}
    """
    if target not in base.columns:
        raise DataLoadError(f"The table has no column '{target[:100]}' any more: put it back.")
    new = pd.DataFrame(
        {
            name: _cells(
                base[name],
                [row.truth if name == target else row.inputs.get(name) for row in rows],
                is_label=name == target,
            )
            for name in base.columns
        }
    )
    keys = [row.key for row in rows]
    if earlier is not None and not only_later:
        kept, kept_keys = _no_longer_there(earlier, keys, list(base.columns))
        new, keys = _joined(kept, new), kept_keys + keys
    first = base.iloc[:0] if only_later else base
    room = max(0, max_rows - len(first))
    if len(keys) > room:
        new, keys = new.iloc[len(new) - room :], keys[len(keys) - room :]
    found = Gathered(_joined(first, new), tuple(keys))
    return _without_single_ones(found, target) if are_labels else found


def _without_single_ones(table: Gathered, target: str) -> Gathered:
    labels = as_labels(table.frame[target].dropna())
    single = labels[labels.map(labels.value_counts()) < 2].index
    first = len(table.frame) - len(table.keys)
    out = [position for position in single if position >= first]
    gone = {position - first for position in out}
    return Gathered(
        table.frame.drop(index=out).reset_index(drop=True),
        tuple(key for position, key in enumerate(table.keys) if position not in gone),
    )


def _no_longer_there(
    earlier: Gathered, keys: Sequence[str], columns: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the later rows of an earlier table whose predictions are not among `keys`."""
    there = set(keys)
    later = earlier.frame.iloc[len(earlier.frame) - len(earlier.keys) :]
    left = [key not in there for key in earlier.keys]
    kept = later[left].reindex(columns=columns)
    return kept, [key for key, stays in zip(earlier.keys, left, strict=True) if stays]


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    parts = [part for part in (first, second) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else first


def _cells(like: pd.Series, cells: list[Any], *, is_label: bool) -> pd.Series:
    """Return cells as a column of the kind that `like` has; what doesn't fit is missing."""
    if pd.api.types.is_bool_dtype(like):
        return pd.Series([_truth(cell) for cell in cells], dtype=object)
    if pd.api.types.is_numeric_dtype(like):
        numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").astype("float64")
        whole = pd.api.types.is_integer_dtype(like) and np.isfinite(numbers).all()
        fits = whole and (numbers % 1 == 0).all() and (numbers.abs() < 2**53).all()
        return numbers.astype("int64") if fits else numbers
    if pd.api.types.is_datetime64_any_dtype(like):
        zone = getattr(like.dtype, "tz", None)
        moments = pd.to_datetime(pd.Series(cells), errors="coerce", utc=True, format="mixed")
        found = moments.dt.tz_convert(zone) if zone else moments.dt.tz_localize(None)
        return found.astype(like.dtype)
    if pd.api.types.is_timedelta64_dtype(like):
        return pd.to_timedelta(pd.Series(cells), errors="coerce").astype(like.dtype)
    if is_label:
        cells = [label_of_number(cell) if isinstance(cell, float) else cell for cell in cells]
    return pd.Series([None if cell is None else str(cell) for cell in cells], dtype="str")


def _truth(cell: Any) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(
        f"{cell:g}" if isinstance(cell, float) else str(cell).strip().lower()
    )


def gathered_write(table: Gathered, path: Path) -> None:
    """Write it as Parquet, with the keys of its predictions in it. Raises OSError."""
    parquet_write(table.frame, path, notes={NOTE: json.dumps(table.keys)})


def gathered_keys(path: Path) -> tuple[str, ...]:
    """Return the keys that a file holds; none where it is no such file. Raises DataLoadError."""
    return tuple(json.loads(parquet_notes(path).get(NOTE, "[]")))
