"""Cells that were sent as readings, a column at a time: what is a number, what is a time.

Each function returns the values and, by index, what is wrong. The common case (all is well) is one
pass in C; only a column with something odd in it is looked at cell by cell.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from modelwright.core.clock import ms_of, now
from modelwright.engine.machines.series import Times, Values

MAX_SIZE = 1e15
AHEAD_DAYS = 730
SHOWN_CHARS = 40
NEVER = np.iinfo(np.int64).min  # stands for a time that can't be read

Faults = dict[int, str]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_PLAIN = {float, int, type(None)}


def numbers_of_json(name: str, cells: Sequence[Any]) -> tuple[Values, Faults]:
    """Return the numbers of a channel as they came in JSON; None is NaN: nothing was read."""
    if set(map(type, cells)) <= _PLAIN:
        try:
            values = np.array(cells, dtype=np.float64)
        except OverflowError:
            return _one_by_one(name, cells, _number_of_json)
        if _all_sane(values):
            return values, {}
    return _one_by_one(name, cells, _number_of_json)


def numbers_of_text(name: str, cells: Sequence[str]) -> tuple[Values, Faults]:
    """Return the numbers of a channel as they came in CSV; an empty cell is NaN."""
    everything = "".join(cells)
    if everything.isascii() and "_" not in everything:  # Python reads 1_000 as a number
        try:
            values = np.array([float(cell) if cell else math.nan for cell in cells])
        except ValueError:
            return _one_by_one(name, cells, _number_of_text)
        empty = sum(not cell for cell in cells)
        if _all_sane(values) and int(np.isnan(values).sum()) == empty:
            return values, {}
    return _one_by_one(name, cells, _number_of_text)


def _all_sane(values: Values) -> bool:
    known = values[~np.isnan(values)]
    return bool((np.abs(known) <= MAX_SIZE).all())


def faults_of_sizes(columns: Mapping[str, Values]) -> Faults:
    """Return which rows of numbers have one that is infinite or too large."""
    faults: Faults = {}
    for name, values in columns.items():
        for i in np.flatnonzero(np.abs(np.nan_to_num(values, posinf=np.inf)) > MAX_SIZE).tolist():
            faults[i] = f"{name}: {_too_large(float(values[i]))}"
    return faults


def _one_by_one(
    name: str, cells: Sequence[Any], convert: Callable[[Any], float]
) -> tuple[Values, Faults]:
    values = np.full(len(cells), math.nan)
    faults: Faults = {}
    for i, cell in enumerate(cells):
        try:
            values[i] = convert(cell)
        except ValueError as error:
            faults[i] = f"{name}: {error}"
    return values, faults


def _number_of_json(cell: Any) -> float:
    if cell is None:
        return math.nan
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise ValueError(f"{shown(cell)} is not a number.")
    return _sane(cell)


def _number_of_text(cell: str) -> float:
    text = cell.strip()
    if not text:
        return math.nan
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a number.")
    return _sane(float(text))


def _sane(value: float) -> float:
    if not -MAX_SIZE <= value <= MAX_SIZE:
        raise ValueError(_too_large(value))
    return float(value)


def _too_large(value: float) -> str:
    return f"{shown(value)} is too large: at most {MAX_SIZE:.0e}."


def shown(cell: Any) -> str:
    """Return a cell as messages show it."""
    text = repr(cell) if isinstance(cell, str) else str(cell)
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"


def times_of(cells: Sequence[Any]) -> tuple[Times, Faults]:
    """Return moments in milliseconds since 1970-01-01 UTC; finer fractions are cut off."""
    faults: Faults = {}
    times = np.fromiter(
        (_time_or_never(cell, i, faults) for i, cell in enumerate(cells)),
        dtype=np.int64,
        count=len(cells),
    )
    return times, {**faults_of_range(times, cells), **faults}


def faults_of_range(times: Times, cells: Sequence[Any]) -> Faults:
    """Return which times (those that could be read) are too early or too late to be meant."""
    faults: Faults = {}
    latest = now() + dt.timedelta(days=AHEAD_DAYS)
    outside = ((times < ms_of(_EARLIEST)) & (times != NEVER)) | (times > ms_of(latest))
    for i in np.flatnonzero(outside).tolist():
        faults[i] = (
            f"timestamp: {shown(cells[i])} is out of range:"
            f" {_EARLIEST:%Y-%m-%d} to {latest:%Y-%m-%d} can be stored."
        )
    return faults


def _time_or_never(cell: Any, i: int, faults: Faults) -> int:
    try:
        moment = dt.datetime.fromisoformat(cell)
        return ms_of(moment)
    except TypeError:  # no text, or without a zone
        faults[i] = _why_no_time(cell)
    except (ValueError, OverflowError):
        faults[i] = _why_no_time(cell)
    return NEVER


def _why_no_time(cell: Any) -> str:
    if cell is None or cell == "":
        return "timestamp is missing."
    example = "2026-03-01T14:00:00Z"
    if not isinstance(cell, str):
        return f"timestamp: {shown(cell)} is not text: write it like {example}."
    try:
        dt.datetime.fromisoformat(cell)
    except ValueError:
        return f"timestamp: {shown(cell)} is not an ISO 8601 time: write it like {example}."
    return f"timestamp: {shown(cell)} has no zone: add Z or an offset like +01:00."
