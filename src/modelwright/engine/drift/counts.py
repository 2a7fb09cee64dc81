"""Rows of a window, counted into the cells of a profile: added and taken away without loss."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.errors import (
    DriftDataError,
    DriftFormatError,
    ProfileMismatchError,
)
from modelwright.engine.drift.packing import read_varints, varints

Ints = NDArray[np.int64]

ID_BYTES = 8
MOST_CELLS = 2**28
_ALL_ONES = 1


@dataclass(frozen=True, eq=False)
class Counts:
    """How many rows fell into each cell of a profile.

    Kept sparsely: an hour with one reading takes some two bytes a column. Counts of the same
    profile add up (``+``, ``sum``, `Counts.total`) and can be taken away again (``-``), exactly.

    Parameters
    ----------
    profile_id : bytes
        Of the profile whose cells they are.
    size : int
        Cells of that profile.
    rows : int
        Rows that were counted.
    index : ndarray of int
        Cells with any rows, ascending.
    count : ndarray of int
        How many rows each of them has.
    notes : tuple of str
        What was odd about the rows: columns that weren't there or aren't known. Not stored.

    Examples
    --------
    >>> from modelwright.engine.drift import Counts, Profile
    >>> profile = Profile.fit({"power_kw": [1.0, 2.0, 3.0, 4.0]})
    >>> hours = [profile.count({"power_kw": [value]}) for value in (1.0, 9.0)]
    >>> day = sum(hours)
    >>> day.rows, (day - hours[0]).rows, Counts.from_bytes(day.to_bytes()) == day
    (2, 1, True)
    """

    MAGIC: ClassVar[bytes] = b"\xc7\x01"
    """Counts, format 1."""

    profile_id: bytes
    size: int
    rows: int
    index: Ints
    count: Ints
    notes: tuple[str, ...] = ()

    @classmethod
    def from_dense(
        cls, profile_id: bytes, rows: int, cells: Ints, notes: tuple[str, ...] = ()
    ) -> "Counts":
        """Return counts given for every cell."""
        index = np.flatnonzero(cells)
        return cls(profile_id, len(cells), rows, index, cells[index], notes)

    @classmethod
    def total(cls, many: Iterable["Counts"]) -> "Counts":
        """Return the sum of many counts; faster than adding one after the other.

        Raises
        ------
        ProfileMismatchError
            Where they aren't of the same profile.
        DriftDataError
            Where there are none.
        """
        every = list(many)
        if not every:
            raise DriftDataError("There are no counts to add: give at least one.")
        first = every[0]
        for other in every[1:]:
            first._check(other)
        cells = np.zeros(first.size, dtype=np.int64)
        if len(every) < 3:
            for one in every:
                cells[one.index] += one.count
        else:
            np.add.at(
                cells,
                np.concatenate([one.index for one in every]),
                np.concatenate([one.count for one in every]),
            )
        notes = tuple(dict.fromkeys(note for one in every for note in one.notes))
        return cls.from_dense(first.profile_id, sum(one.rows for one in every), cells, notes)

    def dense(self) -> Ints:
        """Return the rows of every cell, shape (size,)."""
        cells = np.zeros(self.size, dtype=np.int64)
        cells[self.index] = self.count
        return cells

    def __add__(self, other: "Counts") -> "Counts":
        return Counts.total([self, other])

    def __radd__(self, other: int) -> "Counts":
        if other != 0:
            return NotImplemented
        return self  # what sum() begins with

    def __sub__(self, other: "Counts") -> "Counts":
        self._check(other)
        cells = self.dense()
        cells[other.index] -= other.count
        if self.rows < other.rows or int(cells.min(initial=0)) < 0:
            raise DriftDataError("The counts to take away are no part of these: check the window.")
        return Counts.from_dense(self.profile_id, self.rows - other.rows, cells, self.notes)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Counts)
            and (self.profile_id, self.size, self.rows)
            == (other.profile_id, other.size, other.rows)
            and np.array_equal(self.index, other.index)
            and np.array_equal(self.count, other.count)
        )

    __hash__ = None  # type: ignore[assignment]

    def _check(self, other: "Counts") -> None:
        if self.profile_id != other.profile_id or self.size != other.size:
            raise ProfileMismatchError(
                "These counts belong to another profile: count the rows anew with this one."
            )

    def to_bytes(self) -> bytes:
        """Return the counts as bytes: id of the profile, then small integers."""
        ones = bool((self.count == 1).all())
        numbers = [
            np.array([self.size, self.rows, len(self.index)], dtype=np.int64),
            np.diff(self.index, prepend=0),
        ]
        if not ones:
            numbers.append(self.count)
        head = self.MAGIC + bytes([_ALL_ONES if ones else 0]) + self.profile_id
        return head + varints(np.concatenate(numbers))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Counts":
        """Return the counts that `to_bytes` wrote.

        Raises
        ------
        DriftFormatError
            Where the bytes are something else or damaged.
        """
        start = len(cls.MAGIC) + 1 + ID_BYTES
        if len(data) < start or data[: len(cls.MAGIC)] != cls.MAGIC:
            raise DriftFormatError("These bytes are not counts of this release.")
        (size, rows, filled), used = read_varints(data[start:], 3, "counts")
        body = data[start + used :]
        ones = data[len(cls.MAGIC)] == _ALL_ONES
        length = int(filled) if ones else 2 * int(filled)
        if length > len(body):
            raise DriftFormatError("The stored counts are damaged: count the rows anew.")
        numbers, read = read_varints(body, length, "counts")
        index = np.cumsum(numbers[: int(filled)])
        count = np.ones(int(filled), dtype=np.int64) if ones else numbers[int(filled) :]
        fits = read == len(body) and bool((numbers[1 : int(filled)] > 0).all())
        if not fits or size > MOST_CELLS or (filled and int(index[-1]) >= size):
            raise DriftFormatError("The stored counts are damaged: count the rows anew.")
        return cls(bytes(data[start - ID_BYTES : start]), int(size), int(rows), index, count)
