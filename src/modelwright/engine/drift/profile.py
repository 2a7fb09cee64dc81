"""What is kept of a table to compare later rows with: cells and counts, no rows."""

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.category import CategoryColumn
from modelwright.engine.drift.columns import Column, Ints
from modelwright.engine.drift.counting import count_groups, count_rows
from modelwright.engine.drift.counts import ID_BYTES, Counts
from modelwright.engine.drift.errors import DriftDataError, DriftFormatError
from modelwright.engine.drift.numeric import NumericColumn
from modelwright.engine.drift.packing import lay_out, pack, unpack
from modelwright.engine.drift.phases import as_times, zone
from modelwright.engine.drift.reading import as_array, is_numeric
from modelwright.engine.drift.seasons import Season
from modelwright.engine.drift.selftest import dependent

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
    ordered : tuple of str
        Columns whose rows depend on each other in their order, where no times were given.
    season : Season or None
        What the times tell, where they were given.

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
    ordered: tuple[str, ...] = ()
    season: Season | None = None

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
            When each row was, in milliseconds since 1970 (UTC). With them a column whose rows
            depend on the hour or on each other is compared with its own ordinary windows.
        timezone : str
            Whose clocks count, as the IANA names it.

        Raises
        ------
        DriftDataError
            Where there are no columns or rows, the columns differ in length, or the times or
            their zone are none.
        """
        arrays = {str(name): as_array(values, str(name)) for name, values in columns.items()}
        rows = _common_length(arrays)
        if not arrays or not rows:
            raise DriftDataError("There is nothing to profile: give a column and a row at least.")
        fitted = tuple(_fit(name, array) for name, array in arrays.items())
        if times is None:
            ordered = [c.name for c in fitted if dependent(c, c.cells(arrays[c.name]))]
            return cls(fitted, rows, tuple(ordered))
        zone(timezone)
        known = _times_of(times, rows)
        return cls(fitted, rows, season=Season.fit(fitted, arrays, known, timezone))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where the cells of each column begin; then those of the scores of each season; the end.

        There are as many as columns and seasons together, and one more.
        """
        seasons = self.season.columns if self.season else ()
        sizes = [*(column.size for column in self.columns), *(one.cells for one in seasons)]
        return (0, *(int(end) for end in np.cumsum(sizes)))

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
            When each row was, in milliseconds since 1970 (UTC); needed where the profile has
            found a season (`needs_times`).

        Raises
        ------
        DriftDataError
            Where none of the profile's columns is there, they differ in length, or times are
            needed and not given.
        """
        arrays, notes = self._known(columns)
        rows = _common_length(arrays)
        cells = count_rows(self, arrays, self._phase(times, rows), rows)
        span = None if times is None or not rows else (int(min(times)), int(max(times)) + 1)
        return Counts.from_dense(self.id, rows, cells, notes, span)

    def count_by(
        self,
        columns: Mapping[str, Any],
        keys: Sequence[Hashable],
        *,
        times: NDArray[np.int64] | None = None,
    ) -> dict[Hashable, Counts]:
        """Count rows into cells, apart for each key (its hour, say): many small counts at once.

        Parameters
        ----------
        columns : mapping
            Name -> array of shape (rows,).
        keys : sequence
            Of each row.
        times : ndarray of int, shape (rows,), optional
            As for `count`.

        Returns
        -------
        dict
            Key -> counts of its rows, in the order in which the keys first come.

        Examples
        --------
        >>> profile = Profile.fit({"power_kw": [1.0, 2.0, 3.0]})
        >>> found = profile.count_by({"power_kw": [1.0, 2.0, 9.0]}, [7, 7, 8])
        >>> {hour: counts.rows for hour, counts in found.items()}
        {7: 2, 8: 1}
        """
        arrays, notes = self._known(columns)
        rows = _common_length({**arrays, "keys": np.empty(len(keys))})
        numbers: dict[Hashable, int] = {}
        group = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
        found = count_groups(self, arrays, self._phase(times, rows), group)
        name, size = self.id, self.size
        return {key: Counts(name, size, *found[number], notes) for key, number in numbers.items()}

    @property
    def needs_times(self) -> bool:
        """Whether rows can only be counted with their times."""
        return self.season is not None and self.season.needs_times

    def _phase(self, times: NDArray[np.int64] | None, rows: int) -> Ints | None:
        if self.season is None or not self.season.needs_times:
            return None
        if times is None:
            raise DriftDataError(
                "The profile has found a season: give the times of the rows (times=…)."
            )
        return self.season.phase(_times_of(times, rows))

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
        season, in_time = self.season.pack() if self.season else (None, [])
        meta = {
            "rows": self.rows,
            "columns": metas,
            "ordered": list(self.ordered),
            "season": season,
        }
        return lay_out(meta, [*arrays, *in_time])

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
            ordered = tuple(str(name) for name in meta["ordered"])
            in_time = arrays[2 * len(metas) :]
            season = Season.unpack(meta["season"], in_time) if meta["season"] else None
            columns = tuple(
                KINDS[own["kind"]].unpack(own, arrays[2 * place : 2 * place + 2])
                for place, own in enumerate(metas)
            )
            if season and any(
                own.of != columns[n].kind for own in season.columns for n in own.uses
            ):
                raise ValueError("season")
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise DriftFormatError("The stored profile is damaged: make it anew.") from error
        return cls(columns, rows, ordered, season)


def _fit(name: str, array: NDArray[Any]) -> Column:
    if is_numeric(array):
        return NumericColumn.fit(name, array)
    return CategoryColumn.fit(name, array)


def _times_of(times: NDArray[np.int64], rows: int) -> Ints:
    found = as_times(times)
    if len(found) != rows:
        raise DriftDataError(f"There are {len(found)} times and {rows} rows: give one for each.")
    return found


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
