"""A number by the hour of the week: what is usual then, and how far days were from it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.columns import MISSING, Floats, Ints
from modelwright.engine.drift.errors import DriftFormatError
from modelwright.engine.drift.hindcast import Hindcast
from modelwright.engine.drift.seasons.base import (
    SPREAD,
    Feature,
    Measured,
    busy,
    missing_feature,
)

STEPS = 4
"""Of a score in one standard deviation."""
CLIP = 2
"""Standard deviations at which scores end: a holiday must not count more than a real change."""
CENTRE = CLIP * STEPS
QUIET = 2 * CENTRE + 1
"""The last cell of the scores: rows that are as they nearly always are."""
QUIET_SHARE = 0.8
PRIOR = 8
"""Rows that the scale of all phases together counts for in that of each."""
LEAST = 0.02
ROOM = 4
"""Times the rows: the largest table that they are sorted in, a phase in each line."""
MAD = 1.4826
SD_OF_SIZES = 1.25
"""Standard deviation over mean size, of a normal distribution."""


@dataclass(frozen=True, eq=False)
class NumericSeason:
    """Scores of a column, and what they were from window to window.

    A row's score is its distance from the median of its phase, in robust standard deviations of
    that phase, ended at 2. Where a phase nearly always has the same value (a machine that stands
    still at night), a row with it is quiet: it tells nothing and isn't counted among the scores.

    Parameters
    ----------
    column : int
        Number of the column in the profile.
    medians, scales : ndarray of shape (phases,)
        Of the reference.
    quiet : ndarray of int, shape (phases,)
        1 where the phase has nearly always the same value.
    windows : ndarray of int, shape (5, windows)
        Rows that have a score, sum of the scores, sum of their sizes (both times `STEPS`), rows,
        missing rows; in the order of their times.

    Examples
    --------
    >>> hours = np.arange(24 * 60)
    >>> values = np.where(hours % 24 < 6, 0.0, np.random.default_rng(0).normal(50, 5, len(hours)))
    >>> season = NumericSeason.fit(0, values, hours % 24, hours // 24, 24)
    >>> season.score_cells(np.array([0.0, 90.0]), np.array([3, 12])).tolist()
    [17, 16]
    """

    kind: ClassVar[str] = "numeric"
    of: ClassVar[str] = "numeric"
    cells: ClassVar[int] = QUIET + 1
    column: int
    medians: Floats
    scales: Floats
    quiet: Ints
    windows: Ints

    @classmethod
    def fit(
        cls,
        number: int,
        values: Floats,
        phase: Ints,
        window: Ints,
        phases: int,
        unit: float = 1.0,
    ) -> "NumericSeason":
        """Learn from the reference.

        Parameters
        ----------
        number : int
            Of the column.
        values : ndarray of float
            Not finite where missing.
        phase, window : ndarray of int
            Of each row, from 0.
        phases : int
            How many there are.
        unit : float
            Robust standard deviations that count as one.
        """
        there = np.isfinite(values)
        medians, scales, quiet = _usual(values[there], phase[there], phases)
        scales = scales * unit
        season = cls(number, medians, scales, quiet, np.zeros((5, 0), dtype=np.int64))
        count = int(window.max()) + 1
        rows = np.bincount(window, minlength=count)
        missing = rows - np.bincount(window[there], minlength=count)
        sums = season.summed(season.score_cells(values, phase), window, count)
        windows = np.concatenate([sums, [rows, missing]])
        return cls(number, medians, scales, quiet, windows)

    def score_cells(self, values: Floats, phase: Ints) -> Ints:
        """Return the cell of each row's score; -1 where it has none."""
        there = np.isfinite(values)
        with np.errstate(invalid="ignore", over="ignore"):
            away = values - self.medians[phase]
            score = np.clip(away / self.scales[phase], -CLIP, CLIP)
        cells = np.full(len(values), -1, dtype=np.int64)
        cells[there] = np.rint(score[there] * STEPS).astype(np.int64) + CENTRE
        cells[there & (away == 0) & (self.quiet[phase] == 1)] = QUIET
        return cells

    @property
    def relative(self) -> float | None:
        """Standard deviation of one row over the usual value, where it isn't quiet."""
        loud = self.quiet == 0
        usual = abs(float(np.median(self.medians[loud]))) if loud.any() else 0.0
        return float(np.median(self.scales[loud])) / usual if usual > 0 else None

    @staticmethod
    def summed(cells: Ints, window: Ints, count: int) -> Ints:
        """Return the first three rows of `windows`, of rows with these cells of scores."""
        scored = (cells >= 0) & (cells != QUIET)
        score, place = cells[scored] - CENTRE, window[scored]
        sums = [np.bincount(place, by, count) for by in (np.ones_like(score), score, np.abs(score))]
        return np.stack(sums).round().astype(np.int64)

    def distances(self, values: Floats, phase: Ints) -> Floats:
        """Return the score of each row; 0 where its value is missing."""
        with np.errstate(invalid="ignore", over="ignore"):
            away = (values - self.medians[phase]) / self.scales[phase]
        return np.where(np.isfinite(away), np.clip(away, -CLIP, CLIP), 0.0)

    @property
    def uses(self) -> tuple[int, ...]:
        """Numbers of the columns that it looks at."""
        return (self.column,)

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """What is watched; none where there are too few windows."""
        places = busy(self.windows[0])
        if not len(places):
            return ()
        scored, sums, sizes = self.windows[:3, places]
        rows = float(np.median(scored))
        mean_size = float(sizes.sum()) / float(scored.sum()) / STEPS
        deviation = max(mean_size * SD_OF_SIZES, LEAST)
        level = Hindcast(sums / scored / STEPS, LEAST)
        spread = Hindcast(sizes / scored / STEPS, LEAST)
        return (
            Feature("level", 0.8, level, rows, deviation),
            Feature(SPREAD, 0.18, spread, rows, deviation),
            missing_feature(self.windows[3], self.windows[4]),
        )

    def measure(self, cells: Ints, scores: Ints) -> Iterator[Measured]:
        """Yield the features of a window.

        Parameters
        ----------
        cells : ndarray of int
            Rows by cell of the column.
        scores : ndarray of int
            Rows by cell of the scores.
        """
        if not self.features:
            return
        level, spread, missing = self.features
        rows = int(scores[:QUIET].sum())
        if rows:
            score = np.arange(QUIET) - CENTRE
            yield Measured(level, float(scores[:QUIET] @ score) / rows / STEPS, rows)
            yield Measured(spread, float(scores[:QUIET] @ np.abs(score)) / rows / STEPS, rows)
        total = int(cells.sum())
        if total:
            yield Measured(missing, float(cells[MISSING:].sum()) / total, total)

    def pack(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Return the season as JSON-safe values and arrays."""
        scored, sums, sizes, rows, missing = self.windows
        signed = np.where(sums < 0, -2 * sums - 1, 2 * sums)
        counts = np.concatenate([scored, signed, sizes, rows, missing])
        meta = {"kind": self.kind, "column": self.column}
        return meta, [self.medians, self.scales, self.quiet, counts]

    @classmethod
    def unpack(cls, meta: dict[str, Any], arrays: Iterable[NDArray[Any]]) -> "NumericSeason":
        """Return the season that was packed.

        Raises
        ------
        DriftFormatError
            Where the arrays don't fit each other.
        """
        medians, scales, quiet, counts = arrays
        fits = len(medians) == len(scales) == len(quiet) and bool((scales > 0).all())
        if len(counts) % 5 or not fits:
            raise DriftFormatError("The stored profile is damaged: make it anew.")
        windows = counts.reshape(5, -1).copy()
        windows[1] = np.where(windows[1] % 2, -(windows[1] + 1) // 2, windows[1] // 2)
        return cls(int(meta["column"]), medians, scales, quiet, windows)


def _usual(values: Floats, phase: Ints, phases: int) -> tuple[Floats, Floats, Ints]:
    """Return median and scale of each phase, and where it nearly always has one value."""
    rows = np.bincount(phase, minlength=phases)
    overall = float(np.median(values)) if len(values) else 0.0
    medians = _medians(values, phase, rows, overall)
    away = np.abs(values - medians[phase])
    changing = away[away > 0]
    pooled = MAD * float(np.median(changing)) if len(changing) else max(abs(overall) / 100, 1e-9)
    around = MAD * _medians(away, phase, rows, pooled / MAD)
    scales = np.sqrt((rows * around**2 + PRIOR * pooled**2) / (rows + PRIOR))
    # a phase that the reference doesn't have can only be compared with all others
    spread = MAD * float(np.median(np.abs(values - overall))) if len(values) else pooled
    scales[rows == 0] = max(spread, pooled)
    same = np.bincount(phase, away == 0, minlength=phases)
    quiet = (same >= QUIET_SHARE * rows) & (rows >= 5)
    return medians, np.maximum(scales, pooled / 4), quiet.astype(np.int64)


def _medians(values: Floats, phase: Ints, rows: Ints, without: float) -> Floats:
    ends = np.cumsum(rows)
    low, high = ends - rows + (rows - 1) // 2, ends - rows + rows // 2
    found = np.full(len(rows), without)
    there = rows > 0
    ranked = _ranked(values, phase, rows)
    found[there] = (ranked[low[there]] + ranked[high[there]]) / 2
    return found


def _ranked(values: Floats, phase: Ints, rows: Ints) -> Floats:
    """Return the values phase by phase, ascending in each."""
    width = int(rows.max(initial=0))
    if width * len(rows) > ROOM * len(values):
        order = np.argsort(values)
        return values[order[np.argsort(phase[order].astype(np.int16), kind="stable")]]
    # many short sorts side by side take a tenth of the time of a long one
    table = np.full((len(rows), width), np.inf)
    filled = np.arange(width) < rows[:, None]
    table[filled] = values[np.argsort(phase.astype(np.int16), kind="stable")]  # a radix sort
    table.sort(axis=1)
    ranked: Floats = table[filled]
    return ranked
