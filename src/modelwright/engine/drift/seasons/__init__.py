"""References in time: which columns depend on the hour, and what their ordinary windows are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from modelwright.engine.drift.category import CategoryColumn
from modelwright.engine.drift.columns import Column, Ints
from modelwright.engine.drift.phases import (
    DAY,
    PHASES,
    bucket_for,
    division_for,
    phases,
)
from modelwright.engine.drift.reading import to_floats
from modelwright.engine.drift.seasons.base import Feature, Measured
from modelwright.engine.drift.seasons.category import CategorySeason
from modelwright.engine.drift.seasons.numeric import QUIET, NumericSeason
from modelwright.engine.drift.seasons.relation import HELD_SHARE, Relation, likeliest
from modelwright.engine.drift.selftest import dependent

__all__ = [
    "CategorySeason",
    "ColumnSeason",
    "Feature",
    "Measured",
    "NumericSeason",
    "Relation",
    "Season",
]

ColumnSeason = NumericSeason | CategorySeason | Relation
KINDS: dict[str, type[NumericSeason] | type[CategorySeason] | type[Relation]] = {
    kind.kind: kind for kind in (NumericSeason, CategorySeason, Relation)
}


_THREADS = ThreadpoolController()  # looks for libraries, which takes longer than a fit here


@dataclass(frozen=True, eq=False)
class Season:
    """What the times of a reference tell.

    Every column whose rows aren't independent in their order (`selftest`) is compared with its own
    ordinary windows, not by tests that take rows as independent.

    Parameters
    ----------
    timezone : str
        Whose clocks count.
    division : str
        Of the week into phases: one of `PHASES`.
    bucket : int
        Length of a window of the series, in milliseconds.
    end : int
        Time of the last row, in milliseconds since 1970 (UTC).
    columns : tuple
        Seasons of the columns whose rows aren't independent.
    """

    timezone: str
    division: str
    bucket: int
    end: int
    columns: tuple[ColumnSeason, ...]

    @classmethod
    def fit(
        cls,
        columns: Sequence[Column],
        arrays: Mapping[str, NDArray[Any]],
        times: Ints,
        timezone: str,
    ) -> "Season":
        """Test every column, and learn the seasons of those that need it.

        Parameters
        ----------
        columns : sequence of Column
            Of the profile.
        arrays : mapping
            Name -> values, shape (rows,).
        times : ndarray of int, shape (rows,)
            Milliseconds since 1970 (UTC), in any order.
        timezone : str
            As the IANA names it.
        """
        order = np.argsort(times, kind="stable")
        ascending = times[order]
        division, bucket = division_for(ascending), bucket_for(ascending)
        phase = phases(ascending, division, timezone)
        _, window = np.unique(ascending // bucket, return_inverse=True)
        found: list[ColumnSeason] = []
        floats: dict[int, NDArray[np.float64]] = {}
        for number, column in enumerate(columns):
            array = arrays[column.name][order]
            cells = column.cells(array)
            if not dependent(column, cells):
                continue
            if isinstance(column, CategoryColumn):
                found.append(CategorySeason.fit(number, column, cells, window))
            else:
                floats[number] = to_floats(array)
                found.append(
                    NumericSeason.fit(number, floats[number], phase, window, PHASES[division])
                )
        numeric = [one for one in found if isinstance(one, NumericSeason)]
        related = _relations(numeric, floats, phase, window)
        return cls(timezone, division, bucket, int(ascending[-1]), (*found, *related))

    @property
    def needs_times(self) -> bool:
        """Whether rows can only be counted with their times."""
        return any(season.cells for season in self.columns)

    @property
    def days(self) -> float:
        """Length of a window of the series."""
        return self.bucket / DAY

    def phase(self, times: Ints) -> Ints:
        """Return the phase of each time."""
        return phases(times, self.division, self.timezone)

    def pack(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Return the season as JSON-safe values and arrays."""
        metas: list[dict[str, Any]] = []
        arrays: list[NDArray[Any]] = []
        for season in self.columns:
            meta, own = season.pack()
            metas.append({**meta, "arrays": len(own)})
            arrays += own
        meta = {
            "timezone": self.timezone,
            "division": self.division,
            "bucket": self.bucket,
            "end": self.end,
            "columns": metas,
        }
        return meta, arrays

    @classmethod
    def unpack(cls, meta: dict[str, Any], arrays: Sequence[NDArray[Any]]) -> "Season":
        """Return the season that was packed."""
        place = 0
        found: list[ColumnSeason] = []
        for own in meta["columns"]:
            end = place + int(own["arrays"])
            found.append(KINDS[own["kind"]].unpack(own, arrays[place:end]))
            place = end
        phases = PHASES[meta["division"]]
        rests = [one.rest if isinstance(one, Relation) else one for one in found]
        numeric = [one for one in rests if isinstance(one, NumericSeason)]
        fits = all(len(one.medians) == phases for one in numeric)
        if place != len(arrays) or not fits or int(meta["bucket"]) < 1:
            raise ValueError("season")
        return cls(
            str(meta["timezone"]),
            str(meta["division"]),
            int(meta["bucket"]),
            int(meta["end"]),
            tuple(found),
        )


def _relations(
    seasons: Sequence[NumericSeason],
    values: Mapping[int, NDArray[np.float64]],
    phase: Ints,
    window: Ints,
) -> list[Relation]:
    if len(seasons) < 2:
        return []
    scores = np.stack([one.distances(values[one.column], phase) for one in seasons])
    # fits are small: several threads would wait for each other more than they work
    with _THREADS.limit(limits=1):
        tried = [
            _relation(season, [seasons[place].column for place in places], values, phase, window)
            for season, places in zip(seasons, likeliest(scores), strict=True)
        ]
    return [one for one in tried if one is not None]


def _relation(
    season: NumericSeason,
    others: Sequence[int],
    values: Mapping[int, NDArray[np.float64]],
    phase: Ints,
    window: Ints,
) -> Relation | None:
    """Return how a column goes with others, where it was seen to go on like that."""
    early = window < HELD_SHARE * (int(window.max()) + 1)
    before = {number: values[number][early] for number in (season.column, *others)}
    trial = Relation.fit(season, others, before, phase[early], window[early])
    if trial is None:
        return None
    quiet = season.score_cells(values[season.column], phase) == QUIET
    if not trial.holds(values, quiet, phase, window):
        return None
    return Relation.fit(season, others, values, phase, window)
