"""Rows of a table into the cells of a profile: all at once, or apart by group."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.columns import MISSING, Ints
from modelwright.engine.drift.reading import CHUNK, to_floats
from modelwright.engine.drift.seasons import CategorySeason, Relation
from modelwright.engine.drift.seasons.numeric import QUIET

if TYPE_CHECKING:
    from modelwright.engine.drift.profile import Profile

Arrays = Mapping[str, NDArray[Any]]


def count_rows(profile: "Profile", arrays: Arrays, phase: Ints | None, rows: int) -> Ints:
    """Return how many rows fall into each cell of the profile.

    Parameters
    ----------
    profile : Profile
        Whose cells.
    arrays : mapping
        Name -> values, shape (rows,).
    phase : ndarray of int, shape (rows,), or None
        Of each row, where the profile has a season.
    rows : int
        How many.
    """
    cells = np.zeros(profile.size, dtype=np.int64)
    for place, column in enumerate(profile.columns):
        start, end = profile.offsets[place], profile.offsets[place + 1]
        if column.name in arrays:
            cells[start:end] = column.count(arrays[column.name])
        else:
            cells[end + MISSING] = rows
    for start, found in _scores(profile, arrays, phase):
        counts = np.bincount(found[found >= 0])
        cells[start : start + len(counts)] = counts
    return cells


def count_groups(
    profile: "Profile", arrays: Arrays, phase: Ints | None, group: Ints
) -> list[tuple[int, Ints, Ints]]:
    """Return for each group how many rows it has, its cells and how many rows each of them has.

    Parameters
    ----------
    profile, arrays, phase
        As for `count_rows`.
    group : ndarray of int, shape (rows,)
        Of each row; from 0, none left out.
    """
    found: list[Ints] = []
    counts: list[Ints] = []
    for begin in range(0, len(group), CHUNK):
        some = slice(begin, begin + CHUNK)
        cells = _row_cells(
            profile, _cut(arrays, some), None if phase is None else phase[some], group[some]
        )
        keys = (group[some, None] * profile.size + cells)[cells >= 0]
        keys, times = np.unique(keys, return_counts=True)
        found.append(keys)
        counts.append(times)
    if not found:
        return []
    keys, place = np.unique(np.concatenate(found), return_inverse=True)
    total = np.zeros(len(keys), dtype=np.int64)
    np.add.at(total, place, np.concatenate(counts))
    sizes = np.bincount(group)
    ends = np.searchsorted(keys, np.arange(len(sizes) + 1) * profile.size)
    index = keys % profile.size
    return [
        (int(sizes[g]), index[ends[g] : ends[g + 1]], total[ends[g] : ends[g + 1]])
        for g in range(len(sizes))
    ]


def _cut(arrays: Arrays, some: slice) -> dict[str, NDArray[Any]]:
    return {name: array[some] for name, array in arrays.items()}


def _row_cells(profile: "Profile", arrays: Arrays, phase: Ints | None, group: Ints) -> Ints:
    """Return the cells of each row, shape (rows, columns and scores); -1 where it has none."""
    parts = []
    for place, column in enumerate(profile.columns):
        start, end = profile.offsets[place], profile.offsets[place + 1]
        if column.name in arrays:
            parts.append(column.cells(arrays[column.name]) + start)
        else:
            parts.append(np.full(len(group), end + MISSING, dtype=np.int64))
    for start, scores in _scores(profile, arrays, phase):
        parts.append(np.where(scores >= 0, scores + start, -1))
    return np.stack(parts, axis=1)


def _scores(profile: "Profile", arrays: Arrays, phase: Ints | None) -> Iterator[tuple[int, Ints]]:
    """Yield where the scores of each season begin, and those of the rows; -1 where none."""
    if profile.season is None or phase is None:
        return
    quiet: dict[int, NDArray[np.bool_]] = {}
    for place, season in enumerate(profile.season.columns, start=len(profile.columns)):
        if isinstance(season, CategorySeason):
            continue
        names = [profile.columns[number].name for number in season.uses]
        if not all(name in arrays for name in names):
            continue
        values, *told = (to_floats(arrays[name]) for name in names)
        if isinstance(season, Relation):
            found = season.score_cells(values, np.stack(told), phase, quiet[season.column])
        else:
            found = season.score_cells(values, phase)
            quiet[season.column] = found == QUIET
        yield profile.offsets[place], found
