"""Rows of a window, counted into the cells of a profile: added and taken away without loss."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.errors import (
    DriftDataError,
    DriftFormatError,
    ProfileMismatchError,
)
from modelwright.engine.drift.packing import read_varints_apart, varints_apart

Ints = NDArray[np.int64]

ID_BYTES = 8
MOST_CELLS = 2**28
_ALL_ONES = 1
_HEADED = 3
"""Numbers before the cells: cells of the profile, rows, cells with any."""
_DAMAGED = "The stored counts are damaged: count the rows anew."


@dataclass(frozen=True, eq=False, slots=True)
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
    span : tuple of int or None
        Begin and end of the rows' times, in milliseconds since 1970 (UTC), where they were counted
        with them. Not stored.

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
    span: tuple[int, int] | None = None

    @classmethod
    def from_dense(
        cls,
        profile_id: bytes,
        rows: int,
        cells: Ints,
        notes: tuple[str, ...] = (),
        span: tuple[int, int] | None = None,
    ) -> "Counts":
        """Return counts given for every cell."""
        index = np.flatnonzero(cells)
        return cls(profile_id, len(cells), rows, index, cells[index], notes, span)

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
        rows = sum(one.rows for one in every)
        return cls.from_dense(first.profile_id, rows, cells, notes, _joined(every))

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
        return Counts.many_to_bytes([self])[0]

    @classmethod
    def many_to_bytes(cls, many: Sequence["Counts"]) -> list[bytes]:
        """Return the bytes of each of many counts; far faster than one after the other.

        Examples
        --------
        >>> from modelwright.engine.drift import Counts, Profile
        >>> profile = Profile.fit({"power_kw": [1.0, 2.0, 3.0, 4.0]})
        >>> hours = list(profile.count_by({"power_kw": [1.0, 9.0]}, [7, 8]).values())
        >>> [Counts.from_bytes(data) for data in Counts.many_to_bytes(hours)] == hours
        True
        """
        if not many:
            return []
        filled = np.array([len(one.index) for one in many])
        index = np.concatenate([one.index for one in many])
        count = np.concatenate([one.count for one in many])
        begins = np.cumsum(filled) - filled
        owner = np.repeat(np.arange(len(many)), filled)
        steps = np.diff(index, prepend=0)
        steps[begins[filled > 0]] = index[begins[filled > 0]]
        ones = np.bincount(owner, count != 1, minlength=len(many)) == 0
        sizes = _HEADED + filled + np.where(ones, 0, filled)
        places = np.cumsum(sizes) - sizes
        numbers = np.empty(int(sizes.sum()), dtype=np.int64)
        numbers[places] = [one.size for one in many]
        numbers[places + 1] = [one.rows for one in many]
        numbers[places + 2] = filled
        cells = np.arange(len(index)) + (places + _HEADED - begins)[owner]
        numbers[cells] = steps
        counted = ~ones[owner]
        numbers[(cells + filled[owner])[counted]] = count[counted]
        heads = [cls.MAGIC + bytes([_ALL_ONES if one else 0]) for one in ones.tolist()]
        bodies = varints_apart(numbers, sizes)
        return [
            head + one.profile_id + body
            for head, one, body in zip(heads, many, bodies, strict=True)
        ]

    @classmethod
    def from_bytes(cls, data: bytes) -> "Counts":
        """Return the counts that `to_bytes` wrote.

        Raises
        ------
        DriftFormatError
            Where the bytes are something else or damaged.
        """
        return cls.many_from_bytes([data])[0]

    @classmethod
    def many_from_bytes(cls, many: Sequence[bytes]) -> list["Counts"]:
        """Return the counts that `many_to_bytes` wrote.

        Raises
        ------
        DriftFormatError
            Where any of the bytes are something else or damaged.
        """
        if not many:
            return []
        start = len(cls.MAGIC) + 1 + ID_BYTES
        if any(len(data) < start or data[: len(cls.MAGIC)] != cls.MAGIC for data in many):
            raise DriftFormatError("These bytes are not counts of this release.")
        ones = np.array([data[len(cls.MAGIC)] == _ALL_ONES for data in many])
        numbers, sizes = read_varints_apart([data[start:] for data in many], "counts")
        places = np.cumsum(sizes) - sizes
        if int(sizes.min()) < _HEADED:
            raise DriftFormatError(_DAMAGED)
        size, rows, filled = (numbers[places + i] for i in range(_HEADED))
        # compared by halves, so that no number, however large, overflows
        body = sizes - _HEADED
        fits = np.where(ones, filled == body, (filled == body // 2) & (body % 2 == 0))
        if not fits.all() or int(size.max()) > MOST_CELLS:
            raise DriftFormatError(_DAMAGED)
        begins = np.cumsum(filled) - filled
        owner = np.repeat(np.arange(len(many)), filled)
        cells = np.arange(len(owner)) + (places + _HEADED - begins)[owner]
        steps = numbers[cells]
        first = np.zeros(len(steps), dtype=np.bool_)
        first[begins[filled > 0]] = True
        if not (first | (steps > 0)).all() or bool((steps >= size[owner]).any()):
            raise DriftFormatError(_DAMAGED)
        index = np.cumsum(steps)
        index -= (index - steps)[begins[filled > 0]].repeat(filled[filled > 0])
        if bool((index >= size[owner]).any()):
            raise DriftFormatError(_DAMAGED)
        count = np.ones(len(index), dtype=np.int64)
        counted = ~ones[owner]
        count[counted] = numbers[(cells + filled[owner])[counted]]
        ends = begins + filled
        return [
            cls(bytes(data[start - ID_BYTES : start]), *whole, index[begin:end], count[begin:end])
            for data, whole, begin, end in zip(
                many,
                zip(size.tolist(), rows.tolist(), strict=True),
                begins.tolist(),
                ends.tolist(),
                strict=True,
            )
        ]


def _joined(every: list[Counts]) -> tuple[int, int] | None:
    spans = [one.span for one in every if one.span is not None]
    if len(spans) < len(every):
        return None
    return min(begin for begin, _ in spans), max(end for _, end in spans)
