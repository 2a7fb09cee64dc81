"""What is watched of a column whose rows depend on the hour and on each other."""

from dataclasses import dataclass

import numpy as np

from modelwright.engine.drift.columns import Ints
from modelwright.engine.drift.hindcast import LEAST_WINDOWS, Hindcast

LEAST_MISSING = 0.05
"""Standard deviation of the share of missing values that is believed at least."""
MISSING_WEIGHT = 0.02
SPREAD = "spread"
RELATION = "relation"
SEASON_FLOOR = 0.25
"""Standard deviations from the usual that matter."""
MISSING_UNIT = 0.2
"""Of effects: a twentieth of the rows is a quarter of it, the floor."""


@dataclass(frozen=True)
class Feature:
    """One number that is watched of a column.

    Attributes
    ----------
    name : str
        ``level``, ``spread``, ``relation``, ``missing`` or ``share of …``.
    weight : float
        Its share of the column's part of the allowed false alarms.
    series : Hindcast
        Of the reference.
    rows : float
        Median number of rows that one window of the series has.
    deviation : float
        Standard deviation of one row, the unit of effects.
    """

    name: str
    weight: float
    series: Hindcast
    rows: float
    deviation: float


@dataclass(frozen=True)
class Measured:
    """A feature of a window.

    Attributes
    ----------
    feature : Feature
        Which.
    mean : float
        Over the window's rows.
    rows : int
        That speak of it.
    """

    feature: Feature
    mean: float
    rows: int


def busy(rows: Ints) -> Ints:
    """Return the windows that have half as many rows as usual; none where they are too few.

    Examples
    --------
    >>> busy(np.array([24] * 40 + [0, 3])).tolist() == list(range(40))
    True
    """
    filled = rows[rows > 0]
    found = np.flatnonzero(rows >= max(1.0, float(np.median(filled)) / 2 if len(filled) else 1.0))
    return found if len(found) >= LEAST_WINDOWS else found[:0]


def missing_feature(rows: Ints, missing: Ints) -> Feature:
    """Return the share of missing values as something that is watched."""
    there = rows > 0
    series = Hindcast(missing[there] / rows[there], LEAST_MISSING)
    return Feature("missing", MISSING_WEIGHT, series, float(np.median(rows[there])), MISSING_UNIT)
