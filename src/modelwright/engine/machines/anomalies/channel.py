"""What is known of one channel, and how surprising its readings are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from modelwright.engine.machines.anomalies.expectation import Expectation
from modelwright.engine.machines.anomalies.levels import Level
from modelwright.engine.machines.anomalies.novelty import left_distances, thinned
from modelwright.engine.machines.anomalies.surprise import Reference
from modelwright.engine.machines.series import Series, Values

NOVELTY, LEVEL, ERROR = "novelty", "level", "error"
TAILS = {NOVELTY: 1.0, LEVEL: 3.0, ERROR: 4.0}
DELAY = 24  # readings until one counts as known: an alarm lasts as long at least
RECENT = 16_384  # readings from which the references are made
TELLS = 0.3  # of the variance: less, and errors say no more than novelty does


@dataclass(frozen=True)
class Seen:
    """How a channel's readings look, each array of shape (n,).

    Parameters
    ----------
    surprises : mapping
        ``novelty``, ``level``, ``error`` -> minus the logarithm of a p-value, 0 where unknown.
    residuals : ndarray of float64
        Standardised, less the level of late; NaN where unknown.
    """

    surprises: Mapping[str, Values]
    residuals: Values


@dataclass(frozen=True)
class Channel:
    """A channel that is watched.

    Parameters
    ----------
    name : str
    expectation : Expectation
    library : ndarray of float64, shape (m,)
        Values that were read, rising.
    level : Level
        At the end of the training.
    references : mapping
        ``novelty``, ``level``, ``error`` -> `Reference`.
    half_life : float
        Of the level, in readings.
    """

    name: str
    expectation: Expectation
    library: Values
    level: Level
    references: Mapping[str, Reference]
    half_life: float

    @classmethod
    def of(
        cls, series: Series, name: str, drivers: Sequence[str], half_life: float
    ) -> tuple[Self, Seen]:
        """Learn from a series; also return how its last `RECENT` readings look by that."""
        expectation, residuals = Expectation.of(series, name, drivers)
        values = series.channels[name]
        early, late = values[:-RECENT], values[-RECENT:]
        distances = left_distances(late, thinned(early))
        level, moved, bases = Level().follow(residuals[-RECENT:], half_life)
        figures = {NOVELTY: distances, LEVEL: moved, ERROR: np.abs(residuals[-RECENT:])}
        references = {kind: Reference.of(f, TAILS[kind]) for kind, f in figures.items()}
        found = cls(name, expectation, thinned(values), level, references, half_life)
        surprises = {kind: references[kind].among(f) for kind, f in figures.items()}
        return found, Seen(surprises, residuals[-RECENT:] - bases)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The figures that are looked at."""
        tells = self.expectation.explained > TELLS
        return (NOVELTY, LEVEL, ERROR) if tells else (NOVELTY, LEVEL)

    def look(self, series: Series) -> Seen:
        """Return how later readings look, each by what was before it."""
        values, residuals = self._residuals(series)
        _, moved, bases = self.level.follow(residuals, self.half_life)
        figures = {
            NOVELTY: left_distances(values, self.library),
            LEVEL: moved,
            ERROR: np.abs(residuals),
        }
        surprises = {kind: self.references[kind].new(figures[kind], DELAY) for kind in self.kinds}
        return Seen(surprises, residuals - bases)

    def look_again(self, series: Series) -> Seen:
        """Return how readings look that were learned from; none of them is new."""
        values, residuals = self._residuals(series)
        _, moved, bases = Level().follow(residuals, self.half_life)
        figures = {NOVELTY: np.zeros(values.size), LEVEL: moved, ERROR: np.abs(residuals)}
        surprises = {kind: self.references[kind].among(figures[kind]) for kind in self.kinds}
        return Seen(surprises, residuals - bases)

    def _residuals(self, series: Series) -> tuple[Values, Values]:
        values = series.channels.get(self.name, np.full(len(series), np.nan))
        expected, spread = self.expectation.values(series)
        return values, (values - expected) / spread

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "name": self.name,
            "expectation": self.expectation.to_dict(),
            "library": self.library.tolist(),
            "level": self.level.to_list(),
            "references": {kind: r.to_dict() for kind, r in self.references.items()},
            "half_life": self.half_life,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        return cls(
            data["name"],
            Expectation.from_dict(data["expectation"]),
            np.array(data["library"]),
            Level(*data["level"]),
            {kind: Reference.from_dict(r) for kind, r in data["references"].items()},
            float(data["half_life"]),
        )
