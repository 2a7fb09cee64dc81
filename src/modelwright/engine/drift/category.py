"""A column of categories: counts of the most frequent ones, the rest together."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.columns import MISSING, Column, Ints
from modelwright.engine.drift.errors import DriftFormatError
from modelwright.engine.drift.reading import category_chunks, is_missing, tally

TOP = 4096
"""Categories that are counted apart."""
NAMED = 2000
"""Characters of names that are kept, those of the most frequent categories first."""
LONGEST_NAME = 60
KNOWN = 8192
DISTINCT = 262_144


def category_hash(value: str) -> int:
    """Return the number by which a category is known; 32 bits, the same everywhere.

    Examples
    --------
    >>> category_hash("a")
    3904355907
    """
    return zlib.crc32(value.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, eq=False)
class CategoryColumn(Column):
    """Counts by category.

    The cells are the categories in the order of their hashes, then all others (unseen ones too),
    then missing and invalid. Names are kept of some only: the rest is known by its hash.

    Parameters
    ----------
    name : str
        Of the column.
    hashes : ndarray of int
        Of the categories, ascending.
    reference : ndarray of int
        Rows of the reference by cell.
    names : dict
        Hash -> name of the most frequent ones.
    complete : bool
        Whether every category of the reference has a cell.
    singles : int
        Categories that the reference has once.

    Examples
    --------
    >>> column = CategoryColumn.fit("shift", np.array(["day", "day", "night"], dtype=object))
    >>> column.count(np.array(["night", "late", None], dtype=object))
    array([1, 0, 1, 1, 0])
    """

    kind: ClassVar[str] = "category"
    name: str
    hashes: Ints
    reference: Ints
    names: dict[int, str] = field(default_factory=dict)
    complete: bool = True
    singles: int = 0

    @classmethod
    def fit(cls, name: str, array: NDArray[Any]) -> "CategoryColumn":
        """Count a column.

        Parameters
        ----------
        name : str
            Of the column.
        array : ndarray of shape (rows,)
            Anything with a text; None or NaN where missing.
        """
        counts: dict[str, int] = {}
        missing, dropped = 0, 0
        for chunk in category_chunks(array):
            found, nothing = tally(chunk)
            missing += nothing
            for value, count in found.items():
                counts[value] = counts.get(value, 0) + count
            if len(counts) > DISTINCT:  # an identifier: what is there once is of no interest
                dropped += sum(1 for count in counts.values() if count == 1)
                counts = {value: count for value, count in counts.items() if count > 1}
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        top, rest = ranked[:TOP], ranked[TOP:]
        by_hash: dict[int, int] = {}
        for value, count in top:
            by_hash[category_hash(value)] = by_hash.get(category_hash(value), 0) + count
        hashes = sorted(by_hash)
        other = dropped + sum(count for _, count in rest)
        return cls(
            name=name,
            hashes=np.array(hashes, dtype=np.int64),
            reference=np.array([*(by_hash[h] for h in hashes), other, missing, 0], dtype=np.int64),
            names=_names(top),
            complete=not rest and not dropped,
            singles=sum(1 for count in counts.values() if count == 1),
        )

    @property
    def other(self) -> int:
        """The cell of the categories that have none of their own."""
        return len(self.hashes)

    @cached_property
    def _known(self) -> dict[str, int]:
        return {name: self._find(category_hash(name)) for name in self.names.values()}

    def _find(self, number: int) -> int:
        place = int(np.searchsorted(self.hashes, number))
        there = place < len(self.hashes) and int(self.hashes[place]) == number
        return place if there else self.other

    def cell(self, value: Any) -> int:
        """Return the cell of one value.

        Examples
        --------
        >>> CategoryColumn.fit("shift", np.array(["day", "night"])).cell("late")
        2
        """
        if is_missing(value):
            return self.size - 2
        return self._cell(value if isinstance(value, str) else str(value))

    def _cell(self, text: str) -> int:
        cell = self._known.get(text)
        if cell is None:
            cell = self._find(category_hash(text))
            if len(self._known) < KNOWN:
                self._known[text] = cell
        return cell

    def cells(self, array: NDArray[Any]) -> Ints:
        """Return the cell of each row."""
        found: list[int] = []
        for chunk in category_chunks(array):
            try:
                known = {value: self.cell(value) for value in set(chunk)}
                found += [known[value] for value in chunk]
            except TypeError:  # lists and the like can't be looked up
                found += [self.cell(value) for value in chunk]
        return np.array(found, dtype=np.int64)

    def count(self, array: NDArray[Any]) -> Ints:
        """Return how many rows fall into each cell."""
        total = np.zeros(self.size, dtype=np.int64)
        for chunk in category_chunks(array):
            counts, missing = tally(chunk)
            total[MISSING] += missing
            for value, count in counts.items():
                total[self._cell(value)] += count
        return total

    def label(self, cell: int) -> str:
        """Return the name of a cell for people.

        Examples
        --------
        >>> column = CategoryColumn.fit("shift", np.array(["day", "night"]))
        >>> [column.label(cell) for cell in range(3)]
        ['night', 'day', '(other)']
        """
        if cell >= self.other:
            return "(other)" if cell == self.other else "(missing)"
        number = int(self.hashes[cell])
        return self.names.get(number, f"#{number:08x}")

    def pack(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Return the column as JSON-safe values and arrays."""
        meta = {
            "kind": self.kind,
            "name": self.name,
            "names": list(self.names.values()),
            "complete": self.complete,
            "singles": self.singles,
        }
        return meta, [np.diff(self.hashes, prepend=0), self.reference]

    @classmethod
    def unpack(cls, meta: dict[str, Any], arrays: Iterable[NDArray[Any]]) -> "CategoryColumn":
        """Return the column that was packed.

        Raises
        ------
        DriftFormatError
            Where the cells don't fit the categories.
        """
        steps, reference = arrays
        hashes = np.cumsum(steps)
        if len(reference) != len(hashes) + 3 or bool((steps[1:] <= 0).any()):
            raise DriftFormatError("The stored profile is damaged: make it anew.")
        return cls(
            name=str(meta["name"]),
            hashes=hashes,
            reference=reference,
            names={category_hash(name): name for name in meta["names"]},
            complete=bool(meta["complete"]),
            singles=int(meta["singles"]),
        )


def _names(ranked: list[tuple[str, int]]) -> dict[int, str]:
    names: dict[int, str] = {}
    left = NAMED
    for value, _ in ranked:
        left -= len(value)
        if left < 0:
            break
        if len(value) <= LONGEST_NAME:
            names[category_hash(value)] = value
    return names
