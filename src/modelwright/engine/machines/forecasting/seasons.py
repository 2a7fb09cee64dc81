"""Seasons of the day, the week and the year: which there are, and their waves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.engine.machines.local_time import DAY_MS, EPOCH_WEEKDAY
from modelwright.engine.machines.series import Times, Values

WEEK_MS = 7 * DAY_MS
YEAR_MS = round(365.2425 * DAY_MS)
LEAST_STEPS = 2


@dataclass(frozen=True)
class Season:
    """A period that repeats.

    Parameters
    ----------
    name : str
    length : int
        Milliseconds.
    """

    name: str
    length: int

    def steps(self, step: int) -> int:
        """Return how many steps it is long."""
        return round(self.length / step)

    def place(self, clock: Times) -> Values:
        """Return the place in the period, 0 … 1, of local times; weeks begin on Monday."""
        place: Values = ((clock + EPOCH_WEEKDAY * DAY_MS) % self.length) / self.length
        return place


DAY, WEEK, YEAR = Season("day", DAY_MS), Season("week", WEEK_MS), Season("year", YEAR_MS)
SEASONS = (DAY, WEEK, YEAR)


def seasons_of(step: int, span: int, cycles: dict[str, float]) -> tuple[Season, ...]:
    """Return the seasons that readings can show.

    Parameters
    ----------
    step, span : int
        Of the readings, milliseconds.
    cycles : dict
        Name -> how often it must have been seen.

    Examples
    --------
    >>> twice = {"day": 2, "week": 2, "year": 2}
    >>> [season.name for season in seasons_of(3_600_000, 30 * DAY_MS, twice)]
    ['day', 'week']
    """
    return tuple(
        season
        for season in SEASONS
        if season.length >= LEAST_STEPS * step and span >= cycles[season.name] * season.length
    )


def orders(season: Season, wanted: int, step: int, taken: Collection[int] = ()) -> list[int]:
    """Return the orders of a season's waves, up to `wanted`.

    Parameters
    ----------
    taken : collection of int
        Lengths in milliseconds of seasons within this one, whose waves are left out.

    Examples
    --------
    >>> orders(WEEK, 8, 3_600_000, {DAY_MS})
    [1, 2, 3, 4, 5, 6, 8]
    """
    most = min(wanted, (season.steps(step) - 1) // 2)
    inner = [season.length // length for length in taken if season.length % length == 0]
    return [k for k in range(1, most + 1) if all(k % times for times in inner)]


def waves(place: Values, wanted: Sequence[int]) -> Values:
    """Return sine and cosine of each order, shape (n, 2 * number of orders).

    Examples
    --------
    >>> waves(np.array([0.25]), [1]).round(6)
    array([[1., 0.]])
    """
    if not wanted:
        return np.empty((place.size, 0))
    base = np.exp(2j * np.pi * place)
    power = np.ones(place.size, dtype=complex)
    found = np.empty((place.size, 2 * len(wanted)))
    at = 0
    for k in range(1, max(wanted) + 1):
        power = power * base
        if k == wanted[at]:
            found[:, 2 * at], found[:, 2 * at + 1] = power.imag, power.real
            at += 1
    return found
