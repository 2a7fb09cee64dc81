"""What is kept of a table to compare later rows with: cells and counts, no rows."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.category import CategoryColumn
from modelwright.engine.drift.columns import Column, Ints
from modelwright.engine.drift.counts import ID_BYTES, Counts
from modelwright.engine.drift.errors import DriftDataError, DriftFormatError
from modelwright.engine.drift.numeric import NumericColumn
from modelwright.engine.drift.packing import lay_out, pack, unpack
from modelwright.engine.drift.reading import as_array, is_numeric

KINDS: dict[str, type[NumericColumn] | type[CategoryColumn]] = {
    kind.kind: kind for kind in (NumericColumn, CategoryColumn)
}


@dataclass(frozen=True, eq=False)
class Profile:
    """The reference of a drift check.

    Parameters
    ----------
    columns : tuple of Column
        In the order of the table.
    rows : int
        Of the reference.

    Examples
    --------
    >>> from modelwright.engine.drift import Profile
    >>> profile = Profile.fit({"power_kw": [1.0, 2.0, 2.0], "shift": ["day", "day", "night"]})
    >>> profile.names, profile.rows
    (('power_kw', 'shift'), 3)
    >>> Profile.from_bytes(profile.to_bytes()).id == profile.id
    True
    """

    MAGIC: ClassVar[bytes] = b"MWdp"
    VERSION: ClassVar[int] = 1

    columns: tuple[Column, ...]
    rows: int

    @classmethod
    def fit(
        cls,
        columns: Mapping[str, Any],
        *,
        times: NDArray[np.int64] | None = None,
        timezone: str = "UTC",
    ) -> "Profile":
        """Profile a table.

        Parameters
        ----------
        columns : mapping
            Name -> array of shape (rows,): numbers, else categories.
        times : ndarray of int, shape (rows,), optional
            When each row was, in milliseconds since 1970 (UTC).
        timezone : str
            Where the hours of the day are counted.

        Raises
        ------
        DriftDataError
            Where there are no columns or rows, or the columns differ in length.
        """
        arrays = {str(name): as_array(values, str(name)) for name, values in columns.items()}
        rows = _common_length(arrays)
        if not arrays or not rows:
            raise DriftDataError("There is nothing to profile: give a column and a row at least.")
        return cls(tuple(_fit(name, array) for name, array in arrays.items()), rows)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where the cells of each column begin among all; one more: how many there are."""
        ends = np.cumsum([column.size for column in self.columns])
        return (0, *(int(end) for end in ends))

    @property
    def size(self) -> int:
        """How many cells there are."""
        return self.offsets[-1]

    @cached_property
    def id(self) -> bytes:
        """Eight bytes that tell this profile from all others."""
        return hashlib.blake2b(self._payload, digest_size=ID_BYTES).digest()

    def count(
        self, columns: Mapping[str, Any], *, times: NDArray[np.int64] | None = None
    ) -> Counts:
        """Count rows into cells.

        A column of the profile that isn't there counts as missing in every row; one that the
        profile doesn't know is left out. The notes of the counts name both.

        Parameters
        ----------
        columns : mapping
            Name -> array of shape (rows,).
        times : ndarray of int, shape (rows,), optional
            When each row was, in milliseconds since 1970 (UTC).

        Raises
        ------
        DriftDataError
            Where none of the profile's columns is there, or they differ in length.
        """
        arrays, notes = self._known(columns)
        rows = _common_length(arrays)
        cells = np.zeros(self.size, dtype=np.int64)
        for column, (start, end) in self._places():
            if column.name in arrays:
                cells[start:end] = column.count(arrays[column.name])
            else:
                cells[end - 2] = rows
        return Counts.from_dense(self.id, rows, cells, notes)

    def _places(self) -> Iterator[tuple[Column, tuple[int, int]]]:
        ends = self.offsets[1:]
        return zip(self.columns, zip(self.offsets[:-1], ends, strict=True), strict=True)

    def _known(self, columns: Mapping[str, Any]) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
        names = {str(name): name for name in columns}
        arrays = {
            name: as_array(columns[names[name]], name) for name in self.names if name in names
        }
        if not arrays:
            raise DriftDataError(
                "None of the columns of the profile is there: give"
                f" {', '.join(map(repr, self.names[:5]))}{' …' if len(self.names) > 5 else ''}."
            )
        absent = [f"Column {name!r} is absent." for name in self.names if name not in names]
        extra = [f"Column {name!r} is not in the profile." for name in names if name not in arrays]
        return arrays, (*absent, *extra)

    @cached_property
    def _payload(self) -> bytes:
        metas: list[dict[str, Any]] = []
        arrays: list[NDArray[Any]] = []
        for column in self.columns:
            meta, own = column.pack()
            metas.append(meta)
            arrays += own
        return lay_out({"rows": self.rows, "columns": metas}, arrays)

    def to_bytes(self) -> bytes:
        """Return the profile as bytes: some 10 kB a column."""
        return pack(self.MAGIC, self.VERSION, self._payload)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Profile":
        """Return the profile that `to_bytes` wrote.

        Raises
        ------
        DriftFormatError
            Where the bytes are something else, of a later format or damaged.
        """
        meta, arrays = unpack(data, cls.MAGIC, (cls.VERSION,), "drift profile")
        try:
            metas, rows = list(meta["columns"]), int(meta["rows"])
            if len(arrays) != 2 * len(metas):
                raise ValueError("arrays")
            columns = tuple(
                KINDS[own["kind"]].unpack(own, arrays[2 * place : 2 * place + 2])
                for place, own in enumerate(metas)
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DriftFormatError("The stored profile is damaged: make it anew.") from error
        return cls(columns, rows)

    def reference(self) -> Counts:
        """Return the counts of the reference itself."""
        cells: Ints = np.concatenate([column.reference for column in self.columns])
        return Counts.from_dense(self.id, self.rows, cells)


def _fit(name: str, array: NDArray[Any]) -> Column:
    if is_numeric(array):
        return NumericColumn.fit(name, array)
    return CategoryColumn.fit(name, array)


def _common_length(arrays: Mapping[str, NDArray[Any]]) -> int:
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        first, *rest = lengths
        other = next(name for name in rest if lengths[name] != lengths[first])
        raise DriftDataError(
            f"Column {other!r} has {lengths[other]} rows and {first!r} has {lengths[first]}:"
            " give columns of one table.",
            column=other,
        )
    return next(iter(lengths.values()), 0)
