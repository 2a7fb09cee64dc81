"""A numeric column as a grid of quantiles: exact counts below, at and between its edges."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.columns import MISSING, Column, Floats, Ints
from modelwright.engine.drift.errors import DriftFormatError
from modelwright.engine.drift.reading import number_chunks, to_floats

GRID = 1024
"""Quantiles that are kept: no cell between two of them holds more than 1/1023 of the reference."""
TAIL_STEPS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Edges beyond the smallest and the largest value, in interquartile ranges."""
REACH = 20.0
"""So many interquartile ranges beyond the quartiles distances are measured, and no further."""
GUIDE = 65_536
SMALL = 1500


@dataclass(frozen=True)
class Summary:
    """What people want to know of a numeric column.

    Attributes
    ----------
    minimum, maximum, mean, sd : float or None
        Of the finite values; None where there were none.
    quartiles : tuple of three floats
        25, 50 and 75 %; empty where there were no values.
    """

    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    sd: float | None = None
    quartiles: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class NumericColumn(Column):
    """A grid of quantiles with all values where they are few.

    With edges e0 < e1 < … the cells are: below e0, at e0, between e0 and e1, at e1, …, above the
    last; then missing, then invalid. Where the reference has fewer than 1,024 different values,
    every one of them is an edge; else the edges are exact quantiles, closer together towards both
    ends. Some more lie beyond the smallest and the largest value.

    Parameters
    ----------
    name : str
        Of the column.
    edges : ndarray of float
        Ascending.
    reference : ndarray of int
        Rows of the reference by cell.
    summary : Summary
        For people.
    atoms : bool
        Whether every different value is an edge.

    Examples
    --------
    >>> column = NumericColumn.fit("x", np.array([1.0, 2.0, 2.0, np.nan]))
    >>> column.count(np.array([2.0, 1.5, np.inf]))[-2:]
    array([0, 1])
    """

    kind: ClassVar[str] = "numeric"
    name: str
    edges: Floats
    reference: Ints
    summary: Summary = field(default_factory=Summary)
    atoms: bool = False

    @classmethod
    def fit(cls, name: str, array: NDArray[Any]) -> "NumericColumn":
        """Make the grid of a column.

        Parameters
        ----------
        name : str
            Of the column.
        array : ndarray of shape (rows,)
            Numbers; NaN or None where missing.
        """
        values = np.concatenate([*number_chunks(array), np.zeros(0)])
        finite = values[np.isfinite(values)]
        finite.sort()
        edges, atoms = _edges(finite)
        column = cls(name, edges, np.zeros(2 * len(edges) + 3, dtype=np.int64))
        return cls(name, edges, column.count(array), _summary(finite), atoms)

    def cells(self, array: NDArray[Any]) -> Ints:
        """Return the cell of each row."""
        chunks = [self._cells(values) for values in number_chunks(array)]
        return np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.int64)

    def count(self, array: NDArray[Any]) -> Ints:
        """Return how many rows fall into each cell."""
        total = np.zeros(self.size, dtype=np.int64)
        for values in number_chunks(array):
            total += np.bincount(self._cells(values), minlength=self.size)
        return total

    def cell(self, value: Any) -> int:
        """Return the cell of one value.

        Examples
        --------
        >>> NumericColumn.fit("x", np.array([1.0, 2.0])).cell(1.0)
        15
        """
        return int(self._cells(to_floats(np.array([value], dtype=object)))[0])

    @property
    def cumulative(self) -> Floats:
        """Distribution of the reference below and at each edge, then 1; all 0 without values."""
        return np.cumsum(self.reference[:MISSING]) / max(1, self.present)

    @cached_property
    def scale(self) -> float:
        """The interquartile range, or a wider one where that is 0; 1 where all values are equal."""
        for share in (0.25, 0.05, 0.01, 0.001, 0.0):
            width = self.quantile(1 - share) - self.quantile(share)
            if width > 0 and math.isfinite(width):
                return width
        return 1.0

    @cached_property
    def hull(self) -> tuple[float, float]:
        """Within what limits distances are measured, so that no single value decides."""
        reach = REACH * self.scale
        return self.quantile(0.25) - reach, self.quantile(0.75) + reach

    def quantile(self, share: float) -> float:
        """Return the edge that so much of the reference lies at or below; 0 without values."""
        if not self.present:
            return 0.0
        at_or_below = self.cumulative[1::2]
        place = int(np.searchsorted(at_or_below, share - 1e-12))
        first = int(np.searchsorted(at_or_below, 0.0, side="right"))
        return float(self.edges[min(max(place, first), len(self.edges) - 1)])

    @cached_property
    def inside(self) -> tuple[int, int]:
        """First cell at the smallest value and first one above the largest."""
        filled = np.flatnonzero(self.reference[:MISSING])
        if not len(filled):
            return 0, self.size - 2
        return int(filled[0]), int(filled[-1]) + 1

    @cached_property
    def _guide(self) -> "_Guide":
        return _Guide.build(self.edges, *self.hull)

    def _cells(self, values: Floats) -> Ints:
        finite = np.isfinite(values)
        if finite.all():
            return self._place(values)
        found = np.full(len(values), self.size - 1, dtype=np.int64)
        found[np.isnan(values)] = self.size - 2
        found[finite] = self._place(values[finite])
        return found

    def _place(self, values: Floats) -> Ints:
        if len(values) < SMALL or len(self.edges) < 2:
            return _search(self.edges, values)
        return self._guide.place(values)

    def pack(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Return the column as JSON-safe values and arrays."""
        s = self.summary
        numbers = [s.minimum, s.maximum, s.mean, s.sd, *s.quartiles]
        meta = {"kind": self.kind, "name": self.name, "atoms": self.atoms, "summary": numbers}
        return meta, [self.edges, self.reference]

    @classmethod
    def unpack(cls, meta: dict[str, Any], arrays: Iterable[NDArray[Any]]) -> "NumericColumn":
        """Return the column that was packed.

        Raises
        ------
        DriftFormatError
            Where the edges don't ascend or the cells don't fit them.
        """
        edges, reference = arrays
        ascend = bool(np.isfinite(edges).all() and (np.diff(edges) > 0).all())
        if not ascend or len(reference) != 2 * len(edges) + 3:
            raise DriftFormatError("The stored profile is damaged: make it anew.")
        numbers = meta["summary"]
        low, high, mean, sd, *quartiles = numbers
        summary = Summary(low, high, mean, sd, tuple(quartiles))
        return cls(str(meta["name"]), edges, reference, summary, bool(meta["atoms"]))


@dataclass(frozen=True, eq=False)
class _Guide:
    """Finds cells in a few vectorised steps: a fine even grid says where to look.

    Both steps of ``(x - low) * steps`` are monotone in floating point, so that an edge whose key is
    smaller than that of x lies below x, and only the edges of the same key have to be compared.
    """

    low: float
    steps: float
    first: Ints
    crowded: NDArray[np.bool_]
    edges: Floats

    @classmethod
    def build(cls, edges: Floats, low: float, high: float) -> "_Guide":
        low, high = max(low, float(edges[0])), min(high, float(edges[-1]))
        with np.errstate(over="ignore", divide="ignore"):
            steps = float(np.float64(GUIDE - 1) / np.float64(high - low))
        steps = steps if math.isfinite(steps) else 0.0
        guide = cls(low, steps, np.zeros(0, np.int64), np.zeros(0, np.bool_), edges)
        inside = np.bincount(guide._keys(edges), minlength=GUIDE)
        first = np.concatenate([[0], np.cumsum(inside)[:-1]])
        return cls(low, steps, first, inside > 1, np.append(edges, np.inf))

    def _keys(self, values: Floats) -> Ints:
        if self.steps == 0:  # the edges lie too far apart or too close: each is compared
            return np.zeros(len(values), np.int64)
        with np.errstate(over="ignore"):
            keys = values - self.low
            keys *= self.steps
        np.clip(keys, 0, GUIDE - 1, out=keys)
        return keys.astype(np.int64)

    def place(self, values: Floats) -> Ints:
        keys = self._keys(values)
        near = self.first.take(keys)
        edge = self.edges.take(near)
        found = near * 2
        found += values >= edge
        found += values > edge
        unclear = np.flatnonzero(self.crowded.take(keys))
        if len(unclear):
            found[unclear] = _search(self.edges[:-1], values[unclear])
        return found


def _search(edges: Floats, values: Floats) -> Ints:
    below = np.searchsorted(edges, values, side="left")
    return below + np.searchsorted(edges, values, side="right")


def _edges(finite: Floats) -> tuple[Floats, bool]:
    """Return the edges for sorted values, and whether they are all there is."""
    rows = len(finite)
    if not rows:
        return np.zeros(0), True
    new = np.concatenate([[True], finite[1:] != finite[:-1]])
    atoms = int(new.sum()) < GRID
    if atoms:
        inner = finite[new]
    else:
        levels = np.linspace(0, rows - 1, GRID).round().astype(np.int64)
        tail = (rows / GRID) * 0.5 ** np.arange(1, max(1, int(math.log2(rows / GRID)) + 1))
        tail = tail.round().astype(np.int64)
        inner = np.unique(finite[np.concatenate([levels, tail, rows - 1 - tail])])
    low, high = float(inner[0]), float(inner[-1])
    quartiles = finite[[(rows - 1) // 4, rows - 1 - (rows - 1) // 4]]
    width = float(quartiles[1] - quartiles[0]) or float(high - low) or abs(high) or 1.0
    with np.errstate(over="ignore"):
        steps = np.array(TAIL_STEPS) * width
        beyond = np.concatenate([low - steps, inner, high + steps])
    return np.unique(beyond[np.isfinite(beyond)]), atoms


def _summary(finite: Floats) -> Summary:
    if not len(finite):
        return Summary()
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = [float(finite[0]), float(finite[-1]), float(finite.mean()), float(finite.std())]
    low, high, mean, sd = (value if math.isfinite(value) else None for value in numbers)
    places = ((len(finite) - 1) * np.array([0.25, 0.5, 0.75])).round().astype(np.int64)
    return Summary(low, high, mean, sd, tuple(float(value) for value in finite[places]))
