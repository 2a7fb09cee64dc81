"""A number beside the others of its row: whether they still go together."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.columns import Floats, Ints
from modelwright.engine.drift.errors import DriftFormatError
from modelwright.engine.drift.hindcast import LEAST_WINDOWS
from modelwright.engine.drift.seasons.base import RELATION, SEASON_FLOOR, Feature, Measured
from modelwright.engine.drift.seasons.numeric import MAD, QUIET, STEPS, NumericSeason

MOST_OTHERS = 3
KNOTS = 6
FOLDS = 3
FOLD_WINDOWS = 7
"""Windows in a row that others tell of together: neighbours know too much of each other."""
MOST_ROWS = 3000
ROUNDS = 2
HUBER = 1.5
RIDGE = 1e-5
UNIT = 2.0
"""Robust standard deviations that count as one of a score: what is left over is small beside what a
change of one column alone does to it, so scores end later (at 4)."""
TAILS = 4.0
"""Degrees of freedom: machines are switched over, and what goes together changes with them."""
HELD_SHARE = 0.6
"""Of the reference, learned from to see whether the relation holds in the rest."""
HELD_LENGTHS = (1, 3)
HELD_WINDOWS = 56
HELD_LEVEL = 0.002
HELD_WRONG = 0.1
TELLING = 0.9
"""Mean distance from what the others tell, over that from the usual of the hour: at most."""


@dataclass(frozen=True, eq=False)
class Relation:
    """How far a column is from what the other columns of the row tell of it.

    A machine that makes more one day than another needs more power that day: alone, 10 % more of
    either is an ordinary day; one without the other isn't. The column is fitted by the others (in
    straight pieces, and by products of two), the usual of each phase taken off; what is left over
    is scored as any series is (`NumericSeason`). What the reference left over was told by fits
    without its own week.

    Parameters
    ----------
    column : int
        Number of the column in the profile.
    others : tuple of int
        Numbers of those that tell of it.
    knots : ndarray of shape (others, KNOTS)
        Where pieces end; values outside count as the first or last one.
    weights : ndarray of shape (terms,)
        Of the terms of the others.
    rest : NumericSeason
        Of what is left over.
    share : float
        Standard deviation of what is left over, of that of the column by itself.

    References
    ----------
    Hawkins (1993), Regression adjustment for variables in multivariate quality control, J. Quality
    Technology 25; Huber (1964), Robust estimation of a location parameter, Ann. Math. Statist. 35.

    Examples
    --------
    >>> from modelwright.engine.drift import Profile
    >>> random = np.random.default_rng(0)
    >>> days = np.repeat(random.normal(1, 0.1, 70), 24)
    >>> made = 100 * days + random.normal(0, 1, days.size)
    >>> table = {"made": made, "power_kw": 0.5 * made + random.normal(0, 1, days.size)}
    >>> profile = Profile.fit(table, times=np.arange(days.size) * 3_600_000)
    >>> [one.column for one in profile.season.columns if isinstance(one, Relation)]
    [0, 1]
    """

    kind: ClassVar[str] = "relation"
    of: ClassVar[str] = "numeric"
    cells: ClassVar[int] = NumericSeason.cells
    column: int
    others: tuple[int, ...]
    knots: Floats
    weights: Floats
    rest: NumericSeason
    share: float

    @classmethod
    def fit(
        cls,
        season: NumericSeason,
        others: Sequence[int],
        values: Mapping[int, Floats],
        phase: Ints,
        window: Ints,
    ) -> "Relation | None":
        """Learn from the reference; None where the others tell too little.

        Parameters
        ----------
        season : NumericSeason
            Of the column alone.
        others : sequence of int
            Numbers of the columns that may tell of it.
        values : mapping
            Number of a column of the profile -> its values.
        phase, window : ndarray of int
            Of each row, from 0.
        """
        own = values[season.column]
        given = np.stack([values[other] for other in others])
        # where it stands still at its hours, it does whatever the others say
        loud = season.score_cells(own, phase) != QUIET
        there = np.flatnonzero(np.isfinite(own) & np.isfinite(given).all(axis=0) & loud)
        fold = window[there] // FOLD_WINDOWS % FOLDS
        if np.count_nonzero(np.bincount(window[there])) < LEAST_WINDOWS:
            return None
        if not np.bincount(fold, minlength=FOLDS).all():
            return None
        knots = _knots(given[:, there])
        terms = _terms(given[:, there], knots)
        hours = phase[there]
        away = own[there] - season.medians[hours]
        phases = len(season.medians)
        left = np.full(len(own), np.nan)
        some = np.arange(0, len(there), -(-len(there) // MOST_ROWS))
        some = some[np.argsort(hours[some], kind="stable")]
        table = np.concatenate([terms[:, some], away[None, some]])
        for number in range(FOLDS):
            known = np.flatnonzero(fold[some] != number)
            without = table.T.take(known, axis=0).T  # row by row, as the table lies in memory
            weights, usual = _robust(without, hours[some[known]], phases)
            out = fold == number
            left[there[out]] = (away - weights @ terms - usual[hours])[out]
        rest = NumericSeason.fit(season.column, left, phase, window, phases, UNIT)
        over = np.abs(left[there] - rest.medians[hours]).mean()
        alone = np.abs(away).mean()
        if not over <= TELLING * alone:
            return None
        weights, usual = _robust(table, hours[some], phases)
        medians = rest.medians + season.medians + usual
        rest = replace(rest, medians=medians)
        return cls(season.column, tuple(others), knots, weights, rest, float(over / alone))

    def holds(
        self,
        values: Mapping[int, Floats],
        quiet: NDArray[np.bool_],
        phase: Ints,
        window: Ints,
    ) -> bool:
        """Return whether windows after those that it was learned from are ordinary to it.

        Parameters
        ----------
        values : mapping
            Number of a column of the profile -> its values, of these and later windows.
        quiet : ndarray of bool
            Rows at which the column alone is as it nearly always is.
        phase, window : ndarray of int
            Of each row, from 0.
        """
        if not self.features:
            return False
        begin = self.rest.windows.shape[1]
        later = (window >= begin) & (window < begin + HELD_WINDOWS)
        own = values[self.column][later]
        others = np.stack([values[other][later] for other in self.others])
        cells = self.score_cells(own, others, phase[later], quiet[later])
        there = min(HELD_WINDOWS, int(window.max()) + 1 - begin)
        windows = self.rest.summed(cells, window[later] - begin, there)
        series, floor = self.features[0].series, SEASON_FLOOR * self.features[0].deviation
        totals = np.pad(np.cumsum(windows[:2], axis=1), ((0, 0), (1, 0)))
        wrong = looks = 0
        for length in HELD_LENGTHS:
            scored, sums = totals[:, length:] - totals[:, :-length]
            firsts = np.flatnonzero(scored)
            means = sums[firsts] / scored[firsts] / STEPS
            looks += len(firsts)
            far = np.flatnonzero(series.least_away(means) >= floor)
            for first, mean in zip(firsts[far].tolist(), means[far].tolist(), strict=True):
                found = series.judge(mean, length, first)
                wrong += found.p_value <= HELD_LEVEL and abs(found.away) >= floor
        return bool(looks) and wrong <= HELD_WRONG * looks

    def score_cells(
        self, values: Floats, others: Floats, phase: Ints, quiet: NDArray[np.bool_]
    ) -> Ints:
        """Return the cell of each row's score; -1 where it or one of the others is missing.

        Parameters
        ----------
        values : ndarray of float, shape (rows,)
            Not finite where missing.
        others : ndarray of float, shape (others, rows)
        phase : ndarray of int, shape (rows,)
        quiet : ndarray of bool, shape (rows,)
            Where the column alone is as it nearly always is.
        """
        there = np.isfinite(values) & np.isfinite(others).all(axis=0) & ~quiet
        left = np.full(len(values), np.nan)
        with np.errstate(over="ignore"):
            left[there] = values[there] - self.weights @ _terms(others[:, there], self.knots)
        return self.rest.score_cells(left, phase)

    @property
    def uses(self) -> tuple[int, ...]:
        """Numbers of the columns that it looks at."""
        return (self.column, *self.others)

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """What is watched; none where there are too few windows."""
        found = self.rest.features
        if not found:
            return ()
        level = found[0]
        series = replace(level.series, tails=TAILS)
        return (Feature(RELATION, level.weight, series, level.rows, level.deviation),)

    def measure(self, cells: Ints, scores: Ints) -> Iterator[Measured]:
        """Yield the feature of a window, as `NumericSeason.measure` does."""
        for measured in self.rest.measure(cells, scores):
            yield Measured(self.features[0], measured.mean, measured.rows)
            return

    def pack(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Return the relation as JSON-safe values and arrays."""
        _, arrays = self.rest.pack()
        meta = {
            "kind": self.kind,
            "column": self.column,
            "others": list(self.others),
            "share": self.share,
        }
        return meta, [self.knots.ravel(), self.weights, *arrays]

    @classmethod
    def unpack(cls, meta: dict[str, Any], arrays: Iterable[NDArray[Any]]) -> "Relation":
        """Return the relation that was packed.

        Raises
        ------
        DriftFormatError
            Where the arrays don't fit each other.
        """
        knots, weights, *left = arrays
        others = tuple(int(other) for other in meta["others"])
        if len(knots) != len(others) * KNOTS or len(weights) != _count(len(others)):
            raise DriftFormatError("The stored profile is damaged: make it anew.")
        rest = NumericSeason.unpack(meta, left)
        places = knots.reshape(len(others), KNOTS)
        return cls(rest.column, others, places, weights, rest, float(meta["share"]))


def likeliest(scores: Floats) -> list[list[int]]:
    """Return for each column the others that go with it most, as places among them.

    Parameters
    ----------
    scores : ndarray of shape (columns, rows)
        Distances from the usual; 0 where missing.

    Examples
    --------
    >>> likeliest(np.array([[1.0, -1.0, 1.0], [1.0, -1.0, 0.0]]))
    [[1], [0]]
    """
    alike = np.abs(scores @ scores.T)
    np.fill_diagonal(alike, -1.0)
    spread = np.maximum(np.sqrt((scores**2).sum(axis=1)), 1e-12)
    alike /= spread
    most = min(MOST_OTHERS, len(scores) - 1)
    return [sorted(np.argsort(-row, kind="stable")[:most].tolist()) for row in alike]


def _knots(given: Floats) -> Floats:
    """Return quantiles of the different values, strictly ascending where there are any two."""
    found = np.empty((len(given), KNOTS))
    for place, values in enumerate(given):
        different = np.unique(values)
        found[place] = np.quantile(different, np.linspace(0, 1, KNOTS))
    return found


def _count(others: int) -> int:
    return others * others * (KNOTS - 1)


def _terms(given: Floats, knots: Floats) -> Floats:
    """Return what a fit is made of, shape (terms, rows): pieces of each, times each other one."""
    width = np.maximum(knots[:, -1:] - knots[:, :1], 1e-300)
    unit = (np.clip(given, knots[:, :1], knots[:, -1:]) - knots[:, :1]) / width
    ends = (knots - knots[:, :1]) / width
    others, pieces = range(len(unit)), range(KNOTS - 1)
    terms = np.empty((_count(len(unit)), unit.shape[1]))  # stored weights are in this order
    single = terms[: len(unit) * len(pieces)].reshape(len(pieces), len(unit), -1)
    for piece in pieces:
        np.maximum(unit - ends[:, piece : piece + 1], 0.0, out=single[piece])
    pairs = ((i, p, j) for i, p, j in itertools.product(others, pieces, others) if i != j)
    for row, (one, piece, other) in zip(terms[len(unit) * len(pieces) :], pairs, strict=True):
        np.multiply(single[piece, other], unit[one], out=row)
    return terms


def _robust(table: Floats, phase: Ints, phases: int) -> tuple[Floats, Floats]:
    """Return the weights that leave least over, phase by phase, and what is over in each phase.

    No row pulls beyond a limit. Least squares with the mean of each phase taken off: their sums of
    products are those of all rows less those of the means.

    Parameters
    ----------
    table : ndarray of shape (terms + 1, rows)
        The terms, and what they are to tell.
    phase : ndarray of int, shape (rows,)
        Ascending.
    phases : int
        How many there are.
    """
    known, begins, sizes = np.unique(phase, return_index=True, return_counts=True)
    room = np.empty_like(table)
    squares, sums = table @ table.T, np.add.reduceat(table, begins, axis=1)
    pulls = sizes.astype(np.float64)
    for turns_left in reversed(range(ROUNDS)):
        middle = sums / np.maximum(pulls, 1e-12)
        squares -= sums @ middle.T
        own, cross = squares[:-1, :-1], squares[:-1, -1]
        own[np.diag_indices_from(own)] += RIDGE * np.trace(own) / len(own) + 1e-300
        weights = np.linalg.solve(own, cross)
        over = np.append(-weights, 1.0)
        if not turns_left:
            break
        left = np.abs(over @ table - np.repeat(over @ middle, sizes))
        limit = HUBER * MAD * float(np.median(left))
        if limit <= 0:
            break
        pull = np.minimum(1.0, limit / np.maximum(left, 1e-300))
        root = np.sqrt(pull)
        pulled = np.multiply(table, root, out=room)
        squares = pulled @ pulled.T
        sums = np.add.reduceat(np.multiply(pulled, root, out=room), begins, axis=1)
        pulls = np.add.reduceat(pull, begins)
    usual = np.full(phases, float(np.median(over @ middle)))
    usual[known] = over @ middle
    return weights.astype(np.float64), usual
