"""Categories that come and go: how their shares differed from window to window."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.category import CategoryColumn
from modelwright.engine.drift.columns import MISSING, Ints
from modelwright.engine.drift.errors import DriftFormatError
from modelwright.engine.drift.hindcast import Hindcast
from modelwright.engine.drift.seasons.base import (
    MISSING_WEIGHT,
    Feature,
    Measured,
    busy,
    missing_feature,
)

GROUPS = 5
LEAST = 0.02


@dataclass(frozen=True, eq=False)
class CategorySeason:
    """Shares of the five most frequent categories and of all others, window by window.

    Parameters
    ----------
    column : int
        Number of the column in the profile.
    groups : ndarray of int
        Cells of the categories that are watched.
    labels : tuple of str
        Their names.
    windows : ndarray of int, shape (groups + 3, windows)
        Rows of each group, of all other categories, all rows, missing rows; in the order of their
        times.

    Examples
    --------
    >>> days = np.arange(400) // 10
    >>> column = CategoryColumn.fit("shift", np.array(["day", "night"] * 200))
    >>> season = CategorySeason.fit(0, column, column.cells(np.array(["day"] * 400)), days)
    >>> [feature.name for feature in season.features]
    ['share of night', 'share of day', 'share of others', 'missing']
    """

    kind: ClassVar[str] = "category"
    of: ClassVar[str] = "category"
    cells: ClassVar[int] = 0
    column: int
    groups: Ints
    labels: tuple[str, ...]
    windows: Ints

    @classmethod
    def fit(
        cls, number: int, column: CategoryColumn, cells: Ints, window: Ints
    ) -> "CategorySeason":
        """Learn from the reference.

        Parameters
        ----------
        number : int
            Of the column.
        column : CategoryColumn
            Itself.
        cells, window : ndarray of int
            Of each row, from 0.
        """
        count = int(window.max()) + 1
        groups = np.argsort(-column.reference[: column.other], kind="stable")[:GROUPS]
        group = _group_of(groups, column.size)[cells]
        sums = [np.bincount(window[group == g], minlength=count) for g in range(len(groups) + 1)]
        total = np.bincount(window, minlength=count)
        windows = np.stack([*sums, total, total - np.sum(sums, axis=0)])
        return cls(number, groups, tuple(column.label(int(cell)) for cell in groups), windows)

    @property
    def uses(self) -> tuple[int, ...]:
        """Numbers of the columns that it looks at."""
        return (self.column,)

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """What is watched; none where there are too few windows."""
        counts, rows, missing = self.windows[:-2], self.windows[-2], self.windows[-1]
        there = rows - missing
        places = busy(there)
        if not len(places):
            return ()
        usual = float(np.median(there[places]))
        weight = (1 - MISSING_WEIGHT) / len(counts)
        found = []
        for label, group in zip((*self.labels, "others"), counts, strict=True):
            share = float(group[places].sum() / there[places].sum())
            deviation = max((share * (1 - share)) ** 0.5, LEAST)
            series = Hindcast(group[places] / there[places], LEAST)
            found.append(Feature(f"share of {label}", weight, series, usual, deviation))
        return (*found, missing_feature(rows, missing))

    def measure(self, cells: Ints, scores: Ints) -> Iterator[Measured]:
        """Yield the features of a window.

        Parameters
        ----------
        cells : ndarray of int
            Rows by cell of the column.
        scores : ndarray of int
            Not used: a category has none.
        """
        if not self.features:
            return
        *shares, missing = self.features
        rows = int(cells[:MISSING].sum())
        if rows:
            group = _group_of(self.groups, len(cells))[:MISSING]
            counts = np.bincount(group, cells[:MISSING], minlength=len(shares))
            for feature, count in zip(shares, counts, strict=True):
                yield Measured(feature, float(count) / rows, rows)
        total = int(cells.sum())
        if total:
            yield Measured(missing, float(cells[MISSING:].sum()) / total, total)

    def pack(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Return the season as JSON-safe values and arrays."""
        meta = {"kind": self.kind, "column": self.column, "labels": list(self.labels)}
        return meta, [self.groups, self.windows.ravel()]

    @classmethod
    def unpack(cls, meta: dict[str, Any], arrays: Iterable[NDArray[Any]]) -> "CategorySeason":
        """Return the season that was packed.

        Raises
        ------
        DriftFormatError
            Where the arrays don't fit each other.
        """
        groups, counts = arrays
        labels = tuple(str(label) for label in meta["labels"])
        if len(counts) % (len(groups) + 3) or len(labels) != len(groups):
            raise DriftFormatError("The stored profile is damaged: make it anew.")
        return cls(int(meta["column"]), groups, labels, counts.reshape(len(groups) + 3, -1))


def _group_of(groups: Ints, size: int) -> Ints:
    """Return the group of each cell; the last is that of all others, -1 is missing."""
    group = np.full(size, len(groups), dtype=np.int64)
    group[groups] = np.arange(len(groups))
    group[MISSING:] = -1
    return group
