"""Forecasts by Prophet's model, solved by penalised least squares."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.forecasting.columns import BY_NAME
from modelwright.engine.machines.forecasting.grid import Grid
from modelwright.engine.machines.forecasting.model import COMMON_PARAMETERS, ForecastModel
from modelwright.engine.machines.forecasting.moments import Moments
from modelwright.engine.machines.forecasting.prophet_map import (
    TREND_PRECISION,
    Priors,
    most_probable,
)
from modelwright.engine.machines.forecasting.seasons import orders, seasons_of, waves
from modelwright.engine.machines.local_time import DAY_MS, local
from modelwright.engine.machines.series import Times, Values
from modelwright.engine.parameters import IntegerParameter, NumberParameter

CYCLES = {"day": 2.0, "week": 2.0, "year": 2.0}
ORDERS = {"day": 4, "week": 3, "year": 10}
BEND_SHARE = 0.8
TREND_COLUMNS = 2
PROFILE_POINTS = {"day": 24, "week": 7, "year": 12}
SHOWN_CHANGE = 1e-6


class ProphetForecast(ForecastModel):
    """A trend that bends, seasons of the day, the week and the year, and holidays.

    The equation and the priors are those of the package ``prophet``, which isn't needed; the most
    probable parameters are found from cross products, in milliseconds. Cells that come after the
    fit are added to these before a forecast, and the trend may bend in them too, so that a forecast
    always knows all that went before. What lies within the readings of the fit is its own curve.

    The band is that of the errors from rolling origins, not of simulated trends.

    Examples
    --------
    >>> from modelwright.engine.machines.series import Series
    >>> hours = np.arange(24 * 40)
    >>> load = 50 + 0.1 * hours + 9 * np.sin(hours * np.pi / 12)
    >>> series = Series(hours * 3_600_000, {"power_kw": load})
    >>> found = ProphetForecast().fit(series).forecast(series, 24)
    >>> bool(np.abs(found.mean - load[-24:] - 2.4).max() < 0.5)
    True
    """

    model_type: ClassVar[str] = "forecast_prophet"
    parameters = (
        *COMMON_PARAMETERS,
        NumberParameter(
            "changepoint_prior_scale", 0.05, "How readily the trend bends.", low=0.001, high=10
        ),
        NumberParameter(
            "seasonality_prior_scale", 10.0, "How freely the seasons swing.", low=0.01, high=100
        ),
        NumberParameter(
            "holidays_prior_scale", 10.0, "How freely holidays differ.", low=0.01, high=100
        ),
        IntegerParameter("n_changepoints", 25, "Places where it may bend.", low=0, high=200),
    )

    def __init__(self, options: Mapping[str, Any] | None = None, *, seed: int = 42) -> None:
        super().__init__(options, seed=seed)
        self.first, self.span = 0, 1
        self.scale = 1.0
        self.seasons: dict[str, list[int]] = {}
        self.named: list[str] = []
        self.bends: list[float] = []
        self.spacing = 0.0
        self.moments = Moments(np.empty((0, 0)), np.empty(0), 0.0, 0)
        self.found = np.empty(0)
        self.sigma = 0.0

    def learn(self, grid: Grid, earlier: int) -> None:
        known = np.flatnonzero(np.isfinite(grid.values))
        times = grid.times[known]
        self.first, self.span = int(times[0]), max(int(times[-1] - times[0]), 1)
        self.scale = float(np.abs(grid.values[known]).max()) or 1.0
        self.seasons = {}
        taken: set[int] = set()
        for season in seasons_of(self.step, self.span, CYCLES):
            found = orders(season, ORDERS[season.name], self.step)
            if found:
                self.seasons[season.name] = found
            taken.add(season.length)
        days = local(times, self.timezone) // DAY_MS
        there = set(np.unique(days).tolist())
        self.named = sorted({name for day, name in self.holidays.items() if day in there})
        self._place_bends((times - self.first) / self.span)
        design = self._design(times, np.array(self.bends))
        self.moments = Moments.of(design, grid.values[known] / self.scale)
        self.found, self.sigma = self._solve(self.moments, self.bends, 1.0, None)

    def _place_bends(self, place: Values) -> None:
        """Put bends at equal numbers of readings: those asked for in the first 80 %, and on.

        Those behind are for later, when 80 % of all that is known then reaches to them.
        """
        rows = int(np.floor(place.size * BEND_SHARE))
        count = min(int(self.check_options(self.options)["n_changepoints"]), rows - 1)
        self.bends, self.spacing = [], 0.0
        if count < 1:
            return
        at = np.linspace(0, rows - 1, count + 1).round().astype(np.int64)[1:]
        step = (rows - 1) / count
        behind = np.arange(rows - 1 + step, place.size - 1, step).round().astype(np.int64)
        self.bends = place[np.concatenate([at, behind])].tolist()
        self.spacing = float(place[at[-1]]) / count

    def _design(self, times: Times, bends: Values) -> Values:
        """Return the columns: slope, level, bends, seasons, holidays."""
        place = (times - self.first) / self.span
        clock = local(times, self.timezone)
        columns = [
            np.column_stack([place, np.ones(times.size)]),
            np.maximum(place[:, None] - bends, 0.0),
        ]
        columns += [waves(BY_NAME[name].place(clock), ks) for name, ks in self.seasons.items()]
        if self.named:
            columns.append(self._holiday_columns(clock))
        return np.hstack(columns)

    def _holiday_columns(self, clock: Times) -> Values:
        at = {name: k for k, name in enumerate(self.named)}
        days, which = np.unique(clock // DAY_MS, return_inverse=True)
        table = np.zeros((days.size, len(self.named)))
        for row, day in enumerate(days.tolist()):
            name = self.holidays.get(day)
            if name in at:
                table[row, at[name]] = 1.0
        columns: Values = table[which]
        return columns

    def _solve(
        self,
        moments: Moments,
        bends: list[float],
        now: float,
        start: tuple[Values, float] | None,
    ) -> tuple[Values, float]:
        """Return the parameters when `now` is the newest place; bends that are too new stay 0."""
        options = self.check_options(self.options)
        priors = Priors(
            float(options["changepoint_prior_scale"]),
            float(options["seasonality_prior_scale"]),
            float(options["holidays_prior_scale"]),
        )
        total = moments.right.size
        free = np.flatnonzero(np.array(bends) <= BEND_SHARE * now + SHOWN_CHANGE * now)
        used = np.concatenate(
            [
                np.arange(TREND_COLUMNS),
                TREND_COLUMNS + free,
                np.arange(TREND_COLUMNS + len(bends), total),
            ]
        )
        precision = np.full(total, 1 / priors.season**2)
        precision[:TREND_COLUMNS] = TREND_PRECISION
        if self.named:
            precision[total - len(self.named) :] = 1 / priors.holiday**2
        near = (start[0][used], start[1]) if start is not None else None
        part, sigma = most_probable(
            moments.only(used),
            precision[used],
            TREND_COLUMNS + np.arange(free.size),
            priors,
            near,
        )
        found = np.zeros(total)
        found[used] = part
        return found, sigma

    def roll(
        self, grid: Grid, origins: NDArray[np.int64], count: int, *, fresh: bool = True
    ) -> Values:
        times = grid.times_of(0, int(origins[-1]) + count + 1)
        learned = int(np.searchsorted(times, self.first + self.span, side="right"))
        bends = self._bends_until(int(times[origins[-1]]))
        design = self._design(times, np.array(bends))
        new = len(bends) - len(self.bends)
        moments = self.moments.wider(new, TREND_COLUMNS + len(self.bends))
        found = np.insert(self.found, np.full(new, TREND_COLUMNS + len(self.bends)), 0.0)
        state, at = (found, self.sigma), learned
        paths = np.empty((origins.size, count))
        until = self._known_until(origins, learned, fresh)
        for end in np.unique(until):
            if end > at:
                rows = at + np.flatnonzero(np.isfinite(grid.values[at:end]))
                if rows.size:
                    target = grid.values[rows] / self.scale
                    moments = moments.plus(Moments.of(design[rows], target))
                    now = float(times[end - 1] - self.first) / self.span
                    state = self._solve(moments, bends, now, state)
                at = int(end)
            which = np.flatnonzero(until == end)
            ahead = origins[which][:, None] + np.arange(1, count + 1)
            low, high = int(ahead[0, 0]), int(ahead[-1, -1]) + 1
            curve = design[low:high] @ state[0]
            paths[which] = curve[ahead - low]
        return paths * self.scale

    def _known_until(
        self, origins: NDArray[np.int64], learned: int, fresh: bool
    ) -> NDArray[np.int64]:
        """Return the cell before which all is known to the fit that each origin's forecast uses."""
        known = origins + 1
        if not fresh:
            known = learned + (known - learned) // self.horizon * self.horizon
        return np.maximum(known, learned)

    def _bends_until(self, time: int) -> list[float]:
        """Return the bends, with those that later readings may have."""
        reach = BEND_SHARE * (time - self.first) / self.span
        last = self.bends[-1] if self.bends else reach
        if not self.spacing > 0 or reach <= last:
            return self.bends
        count = int((reach - last) / self.spacing)
        return self.bends + [last + self.spacing * k for k in range(1, count + 1)]

    def growth(self, count: int) -> Values:
        return np.ones(count)

    def memory(self) -> int:
        return 1

    def tell(self, grid: Grid) -> dict[str, Any]:
        steps = self.found[TREND_COLUMNS : TREND_COLUMNS + len(self.bends)]
        slopes = self.scale * (self.found[0] + np.cumsum(steps)) / self.span * DAY_MS
        shown = np.flatnonzero(np.abs(steps) > SHOWN_CHANGE)
        names = [f"{len(ks)} waves of the {name}" for name, ks in self.seasons.items()]
        if self.named:
            names.append("holidays")
        return {
            "equation": f"{self.target} = " + " + ".join(["bent trend", *names, "error"]),
            "step_seconds": self.step / 1000,
            "horizon": self.horizon,
            "seasons": {name: len(ks) for name, ks in self.seasons.items()},
            "profiles": {name: self._profile(name) for name in self.seasons},
            "coefficients": [
                {"name": "level at the start", "value": self.scale * float(self.found[1])},
                {
                    "name": "change per day at the start",
                    "value": self.scale * float(self.found[0]) / self.span * DAY_MS,
                },
                *(
                    {"name": f"effect of {name}", "value": self.scale * float(value)}
                    for name, value in zip(
                        self.named, self.found[self.found.size - len(self.named) :], strict=True
                    )
                ),
            ],
            "bends": [
                {
                    "time": int(self.first + self.bends[at] * self.span),
                    "change_per_day": float(slopes[at]),
                }
                for at in shown.tolist()
            ],
            "standard_deviation": self.scale * self.sigma,
            "cells": len(grid),
            "gaps": int((~np.isfinite(grid.values)).sum()),
        }

    def _profile(self, name: str) -> list[float]:
        """Return a season's effect at equal distances over its period, in the target's unit."""
        at = TREND_COLUMNS + len(self.bends)
        for other, ks in self.seasons.items():
            if other == name:
                break
            at += 2 * len(ks)
        points = PROFILE_POINTS[name]
        table = waves(np.arange(points) / points, self.seasons[name])
        effect = self.scale * (table @ self.found[at : at + table.shape[1]])
        return [float(value) for value in effect]

    def state(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "span": self.span,
            "scale": self.scale,
            "seasons": self.seasons,
            "named": self.named,
            "bends": self.bends,
            "spacing": self.spacing,
            "gram": self.moments.gram.tolist(),
            "right": self.moments.right.tolist(),
            "square": self.moments.square,
            "rows": self.moments.rows,
            "found": self.found.tolist(),
            "sigma": self.sigma,
        }

    def set_state(self, data: Mapping[str, Any]) -> None:
        self.first, self.span, self.scale = data["first"], data["span"], data["scale"]
        self.seasons = {name: list(ks) for name, ks in data["seasons"].items()}
        self.named, self.bends = list(data["named"]), list(data["bends"])
        self.spacing = float(data["spacing"])
        self.moments = Moments(
            np.array(data["gram"]), np.array(data["right"]), data["square"], data["rows"]
        )
        self.found, self.sigma = np.array(data["found"]), float(data["sigma"])


MODEL = ProphetForecast
