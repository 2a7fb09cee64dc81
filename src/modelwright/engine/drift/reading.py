"""Columns as people hold them (numpy, pandas, lists), read as numbers or as categories."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.errors import DriftDataError

Floats = NDArray[np.float64]

CHUNK = 65_536
"""Rows at a time: their temporaries stay in the processor's cache."""

_NUMERIC_KINDS = "biuf"
_NOTHING = ("NAType", "NaTType")
_SAMPLE = 1000


def is_missing(value: Any) -> bool:
    """Return whether a cell of an object column holds nothing.

    Examples
    --------
    >>> [is_missing(value) for value in (None, float("nan"), "", 0)]
    [True, True, False, False]
    """
    return (
        value is None
        or type(value).__name__ in _NOTHING
        or (isinstance(value, float) and value != value)
    )


def as_array(values: Any, name: str) -> NDArray[Any]:
    """Return a column as a one-dimensional numpy array, without a copy where there needn't be one.

    Raises
    ------
    DriftDataError
        Where it has more dimensions, or holds dates, durations or complex numbers.
    """
    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    if kind in _NUMERIC_KINDS and not isinstance(values, np.ndarray):
        convert = getattr(values, "to_numpy", None)
        # pandas' own numbers have a missing value that numpy doesn't know
        array = convert(dtype=np.float64, na_value=np.nan) if convert else np.asarray(values)
    else:
        array = np.asarray(values, dtype=object if isinstance(values, list | tuple) else None)
    if array.ndim != 1:
        raise DriftDataError(
            f"Column {name!r} has {array.ndim} dimensions: give one value a row.", column=name
        )
    if array.dtype.kind in "mMc":
        raise DriftDataError(
            f"Column {name!r} holds {array.dtype}: give numbers or text (of a date, say, the hour"
            " or the weekday).",
            column=name,
        )
    return array


def is_numeric(array: NDArray[Any]) -> bool:
    """Return whether a column is one of numbers: by its type, or by its first thousand values.

    Examples
    --------
    >>> is_numeric(np.array([1, None], dtype=object)), is_numeric(np.array(["1"]))
    (True, False)
    """
    if array.dtype.kind in _NUMERIC_KINDS:
        return True
    if array.dtype.kind != "O":
        return False
    some = [value for value in array[:_SAMPLE].tolist() if not is_missing(value)]
    return bool(some) and all(isinstance(v, int | float | np.number | np.bool_) for v in some)


def number_chunks(array: NDArray[Any]) -> Iterator[Floats]:
    """Yield a column as float64, some rows at a time; what can't be read becomes infinite.

    Examples
    --------
    >>> next(number_chunks(np.array([1, None, "2", "x"], dtype=object)))
    array([ 1., nan,  2., inf])
    """
    for start in range(0, len(array), CHUNK):
        yield to_floats(array[start : start + CHUNK])


def to_floats(array: NDArray[Any]) -> Floats:
    """Return numbers as float64: NaN where missing, infinite where not readable.

    Examples
    --------
    >>> to_floats(np.array(["1.5", "", "a"]))
    array([1.5, inf, inf])
    """
    if array.dtype.kind in _NUMERIC_KINDS:
        return array.astype(np.float64, copy=False)
    return np.array([_number(value) for value in array.tolist()], dtype=np.float64)


def _number(value: Any) -> float:
    if is_missing(value):
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("inf")


def category_chunks(array: NDArray[Any]) -> Iterator[list[Any]]:
    """Yield a column as lists of Python values, some rows at a time."""
    for start in range(0, len(array), CHUNK):
        yield array[start : start + CHUNK].tolist()


def tally(values: list[Any]) -> tuple[dict[str, int], int]:
    """Return how often each category is there, and how many rows have none.

    Examples
    --------
    >>> tally(["a", None, "a", 1])
    ({'a': 2, '1': 1}, 1)
    """
    try:
        found = Counter(values)
    except TypeError:  # lists and the like can't be counted by value
        found = Counter(map(str, values))
    counts: dict[str, int] = {}
    missing = 0
    for value, count in found.items():
        if isinstance(value, str):
            counts[value] = counts.get(value, 0) + count
        elif is_missing(value):
            missing += count
        else:
            counts[str(value)] = counts.get(str(value), 0) + count
    return counts, missing
