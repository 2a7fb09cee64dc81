"""The columns that are known beforehand: waves of the seasons, holidays, temperature."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from modelwright.engine.machines.forecasting.seasons import (
    DAY,
    SEASONS,
    orders,
    waves,
)
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import Times, Values

HOLIDAY_WAVES = 2
BY_NAME = {season.name: season for season in SEASONS}


@dataclass(frozen=True)
class Layout:
    """Which columns there are, in this order: 1, seasons, holidays, temperature.

    Parameters
    ----------
    step : int
        Milliseconds.
    waves : tuple of (str, tuple of int)
        Season and the orders of its waves.
    holidays : frozenset of int
        Days since 1970-01-01, local; empty where there are none to learn from.
    knots : tuple of float
        Temperatures at which the effect bends; empty where there is no such driver.
    """

    step: int
    waves: tuple[tuple[str, tuple[int, ...]], ...] = ()
    holidays: frozenset[int] = frozenset()
    knots: tuple[float, ...] = ()

    @classmethod
    def of(
        cls,
        step: int,
        highest: Mapping[str, int],
        holidays: Collection[int] = (),
        knots: tuple[float, ...] = (),
    ) -> Self:
        """Return the layout with seasons up to some orders; those within others come first."""
        chosen = []
        taken: set[int] = set()
        for season in SEASONS:
            found = orders(season, highest.get(season.name, 0), step, taken)
            if found:
                chosen.append((season.name, tuple(found)))
            if season.name in highest:
                taken.add(season.length)
        return cls(step, tuple(chosen), frozenset(holidays), knots)

    def columns(self, clock: Times, warmth: Values | None = None) -> Values:
        """Return the columns at local times, shape (n, `width`)."""
        made = [np.ones((clock.size, 1))]
        made += [waves(BY_NAME[name].place(clock), ks) for name, ks in self.waves]
        if self.holidays:
            made.append(self._holiday_columns(clock))
        if self.knots and warmth is not None:
            made.append(np.maximum(warmth[:, None] - np.array(self.knots), 0.0))
        return np.hstack(made)

    def _holiday_columns(self, clock: Times) -> Values:
        days = np.array(sorted(self.holidays), dtype=np.int64)
        at = np.isin(clock // DAY_MS, days)[:, None].astype(float)
        shape = np.hstack([np.ones_like(at), waves(DAY.place(clock), self._holiday_orders)])
        found: Values = at * shape
        return found

    @property
    def _holiday_orders(self) -> list[int]:
        return orders(DAY, HOLIDAY_WAVES, self.step)

    @property
    def groups(self) -> dict[str, list[int]]:
        """Return the positions of the columns: ``level``, the seasons, ``holidays``, ``warmth``."""
        widths = {"level": 1, **{name: 2 * len(ks) for name, ks in self.waves}}
        if self.holidays:
            widths["holidays"] = 1 + 2 * len(self._holiday_orders)
        if self.knots:
            widths["warmth"] = len(self.knots)
        found, at = {}, 0
        for name, width in widths.items():
            found[name] = list(range(at, at + width))
            at += width
        return found

    @property
    def width(self) -> int:
        """Return how many columns there are."""
        return sum(len(columns) for columns in self.groups.values())

    def lower(self, highest: Mapping[str, int]) -> tuple["Layout", list[int]]:
        """Return the layout with fewer waves, and where its columns are among those of this one."""
        kept = []
        which: list[int] = []
        groups = self.groups
        chosen = dict(self.waves)
        for name, columns in groups.items():
            if name not in chosen:
                which += columns
                continue
            fewer = [k for k in chosen[name] if k <= highest.get(name, 0)]
            which += columns[: 2 * len(fewer)]
            if fewer:
                kept.append((name, tuple(fewer)))
        return replace(self, waves=tuple(kept)), which

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "step": self.step,
            "waves": [[name, list(ks)] for name, ks in self.waves],
            "holidays": sorted(self.holidays),
            "knots": list(self.knots),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        return cls(
            data["step"],
            tuple((name, tuple(ks)) for name, ks in data["waves"]),
            frozenset(data["holidays"]),
            tuple(data["knots"]),
        )
