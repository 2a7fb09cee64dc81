"""Forecasts by harmonic regression with autoregressive errors (ARIMA with Fourier terms)."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.forecasting.autoregression import Autoregression, Cross
from modelwright.engine.machines.forecasting.columns import BY_NAME, Layout
from modelwright.engine.machines.forecasting.grid import Grid
from modelwright.engine.machines.forecasting.model import COMMON_PARAMETERS, ForecastModel
from modelwright.engine.machines.forecasting.seasons import seasons_of
from modelwright.engine.machines.local_time import DAY_MS, local
from modelwright.engine.machines.series import Series, Times, Values
from modelwright.engine.parameters import TextParameter

CYCLES = {"day": 2.0, "week": 3.0, "year": 1.0}
ORDERS = {"day": (0, 3, 6, 10), "week": (0, 3, 10), "year": (0, 3)}
SHORT_LAGS = (1, 2, 6, 13, 26)
PLAIN_LAGS = 10
ROWS_PER_LAG = 10
LONGEST_SHARE = 4
MOST_ROWS = 17_544  # two years of hours
LEARNED_SHARE = 0.8
KNOTS = (0.0, 0.2, 0.4, 0.6, 0.8)
SHOWN_CANDIDATES = 12
LEAST_HOLIDAYS = 2


@dataclass(frozen=True)
class _Choice:
    """One combination of orders that was tried."""

    highest: dict[str, int]
    lags: tuple[int, ...]
    akaike: float
    parameters: int


class ArimaForecast(ForecastModel):
    """A mean that follows waves of the day, the week and the year, and errors that go on.

    ``y[t] = c + waves[t] + sum(w[l] * y[t - l]) + e[t]``: regression on Fourier terms with
    autoregressive errors, in the form in which both are fitted at once by conditional least
    squares (Hyndman and Athanasopoulos, "Forecasting: principles and practice", 10.5; Harvey 1989).
    The orders of the waves, the short lags and the seasonal lags are those with the least Akaike
    criterion. Which seasons there are follows from the step and the length of the readings.

    Examples
    --------
    >>> hours = np.arange(24 * 40)
    >>> noise = np.random.default_rng(0).normal(size=hours.size)
    >>> load = 50 + 9 * np.sin(hours * np.pi / 12) + noise
    >>> series = Series(hours * 3_600_000, {"power_kw": load})
    >>> found = ArimaForecast().fit(series).forecast(series, 12)
    >>> bool(np.abs(found.mean - 50 - 9 * np.sin(np.arange(12) * np.pi / 12)).max() < 1.5)
    True
    """

    model_type: ClassVar[str] = "forecast_arima"
    parameters = (
        *COMMON_PARAMETERS,
        TextParameter(
            "temperature",
            None,
            "Channel of the outdoor temperature; that of the day before is taken to come again.",
            True,
        ),
    )

    def __init__(self, options: Mapping[str, Any] | None = None, *, seed: int = 42) -> None:
        super().__init__(options, seed=seed)
        self.layout = Layout(1)
        self.weights = np.empty(0)
        self.errors = Autoregression()
        self.profile_layout = Layout(1)
        self.profile = np.empty(0)
        self.persistence = 0.0
        self.centre, self.scale = 0.0, 1.0
        self.usual_warmth = 0.0
        self._tried: list[_Choice] = []
        self._spread = 0.0
        self._kept: tuple[Layout, tuple[int, ...], int, Cross] | None = None

    def learn(self, grid: Grid, earlier: int) -> None:
        low = self._first_row(grid, earlier)
        part = grid.part(low, len(grid))
        known = np.isfinite(part.values)
        layout, lags = self._universe(part, known)
        kept, self._kept = self._kept, None
        if kept is not None and kept[:3] == (layout, lags, low):
            new = grid.part(earlier - max(lags), len(grid))
            columns = self._columns(layout, new)
            series = self._filled(new, columns @ self.profile)
            cross = kept[3].plus(_crossed(columns, lags, series, np.isfinite(new.values)))
        else:
            self.centre = float(part.values[known].mean())
            self.scale = float(part.values[known].std()) or 1.0
            columns = self._columns(layout, part)
            self._learn_profile(layout, columns, part, known)
            series = self._filled(part, columns @ self.profile)
            cross = _crossed(columns, lags, series, known)
            self._kept = None if earlier else (layout, lags, low, cross)
        self._choose(layout, lags, cross)
        self._learn_profile_from(layout, cross, series, columns)

    def _first_row(self, grid: Grid, earlier: int) -> int:
        """Return the first cell to learn from: that of the fit before, so that its sums count."""
        if earlier and self._kept is not None:
            return self._kept[2]
        most = MOST_ROWS if earlier else round(LEARNED_SHARE * MOST_ROWS)
        return max(len(grid) - most, 0)

    def _universe(self, grid: Grid, known: NDArray[np.bool_]) -> tuple[Layout, tuple[int, ...]]:
        """Return all columns and lags that may be taken."""
        span = grid.step * len(grid)
        seasons = seasons_of(grid.step, span, CYCLES)
        highest = {season.name: max(ORDERS[season.name]) for season in seasons}
        days = {day for day in self.holidays if grid.first <= day * DAY_MS < grid.end}
        holidays = self.holidays if len(days) >= LEAST_HOLIDAYS else {}
        knots: tuple[float, ...] = ()
        if grid.warmth is not None:
            degrees = grid.warmth[np.isfinite(grid.warmth)]
            if degrees.size:
                knots = tuple(np.unique(np.quantile(degrees, KNOTS)).tolist())
                self.usual_warmth = float(np.median(degrees))
        layout = Layout.of(grid.step, highest, holidays, knots)
        steps = [season.steps(grid.step) for season in seasons if season.name != "year"]
        steps = steps or [season.steps(grid.step) for season in seasons]
        return layout, _lags(steps, int(known.sum()), len(grid))

    def _columns(self, layout: Layout, grid: Grid) -> Values:
        warmth = None
        if layout.knots and grid.warmth is not None:
            warmth = _carried(grid.warmth, self.usual_warmth)
        return layout.columns(local(grid.times, self.timezone), warmth)

    def _choose(self, layout: Layout, lags: tuple[int, ...], cross: Cross) -> None:
        """Choose orders of waves with all lags, then lags with those waves."""
        self._tried = []
        names = [name for name, _ in layout.waves]
        for highest in itertools.product(*(ORDERS[name] for name in names)):
            self._try(layout, dict(zip(names, highest, strict=True)), lags, lags, cross)
        best = min(self._tried, key=lambda choice: choice.akaike)
        for fewer in _lag_choices(lags):
            if fewer != lags:
                self._try(layout, best.highest, fewer, lags, cross)
        best = min(self._tried, key=lambda choice: choice.akaike)
        self.layout, which = layout.lower(best.highest)
        at = _positions(which, layout.width, best.lags, lags)
        found, error = cross.solve(at)
        self._spread = float(np.sqrt(error / max(cross.rows - at.size, 1))) * self.scale
        errors = Autoregression(best.lags, found[len(which) :])
        self.errors = errors.calmed()
        self.weights = found[: len(which)]
        if self.errors is not errors:
            columns, lagged = at[: len(which)], at[len(which) :]
            self.weights = cross.beside(columns, lagged, self.errors.weights)

    def _try(
        self,
        layout: Layout,
        highest: dict[str, int],
        chosen: tuple[int, ...],
        lags: tuple[int, ...],
        cross: Cross,
    ) -> None:
        _, which = layout.lower(highest)
        at = _positions(which, layout.width, chosen, lags)
        if 2 * at.size > cross.rows and self._tried:
            return
        _, error = cross.solve(at)
        akaike = cross.akaike(error, at.size)
        self._tried.append(_Choice(highest, chosen, akaike, int(at.size)))

    def _learn_profile(
        self, layout: Layout, columns: Values, grid: Grid, known: NDArray[np.bool_]
    ) -> None:
        """Learn what gaps are filled with, from the columns alone."""
        if known.all():  # the fit itself learns it then
            self.profile = np.zeros(layout.width)
            return
        target = (grid.values[known] - self.centre) / self.scale
        cross = Cross.of(columns[known], target)
        self._learn_profile_from(layout, cross, target, columns[known])

    def _learn_profile_from(
        self, layout: Layout, cross: Cross, series: Values, columns: Values
    ) -> None:
        self.profile_layout = layout
        which = np.arange(layout.width)
        self.profile, _ = cross.solve(which)
        rest = series - columns @ self.profile
        squares = float(rest @ rest)
        self.persistence = 0.0
        if squares > 0:
            self.persistence = min(max(float(rest[1:] @ rest[:-1]) / squares, 0.0), 0.999)

    def _filled(self, grid: Grid, base: Values) -> Values:
        """Return the values in the fit's unit; gaps go from the last known one to the profile."""
        series = (grid.values - self.centre) / self.scale
        known = np.isfinite(series)
        if known.all():
            return series
        rest = np.where(known, series - base, 0.0)
        at = np.where(known, np.arange(len(grid)), -1)
        last = np.maximum.accumulate(at)
        gap = np.arange(len(grid)) - last
        carried = np.where(last >= 0, rest[np.maximum(last, 0)], 0.0)
        return np.where(known, series, base + carried * self.persistence**gap)

    def roll(
        self, grid: Grid, origins: NDArray[np.int64], count: int, *, fresh: bool = True
    ) -> Values:
        memory = self.errors.memory
        first = max(int(origins[0]) - self.memory(), 0)
        last = int(origins[-1])
        past = grid.part(first, last + 1)
        pad = max(memory - (int(origins[0]) - first + 1), 0)
        series = (past.values - self.centre) / self.scale
        if pad or not np.isfinite(series).all():
            profile = self._effect(self.profile_layout, self.profile, past, pad, 0)
            series = np.concatenate([profile[:pad], self._filled(past, profile[pad:])])
        effect = self._effect(self.layout, self.weights, past, 0, count)
        at = origins - first
        future = np.lib.stride_tricks.sliding_window_view(effect, count)[at + 1]
        if self.layout.knots:
            future = future + self._coming_warmth(past, at, count)
        return self.centre + self.scale * self.errors.forecasts(series, future, at + pad)

    def _effect(
        self, layout: Layout, weights: Values, grid: Grid, before: int, after: int
    ) -> Values:
        """Return what the columns add from `before` cells before the grid to `after` cells after.

        Of the temperature only what is known: it adds nothing outside the grid, and nothing at all
        where the fit is to forecast (`after` above 0).
        """
        times: Times = grid.times_of(-before, len(grid) + after)
        warmth = None
        if layout.knots:
            warmth = np.full(times.size, self.usual_warmth)
            if not after and grid.warmth is not None:
                warmth[before:] = _carried(grid.warmth, self.usual_warmth)
        columns = layout.columns(local(times, self.timezone), warmth)
        if layout.knots and after:
            columns[:, layout.groups["warmth"]] = 0.0
        effect: Values = columns @ weights
        return effect

    def _coming_warmth(self, grid: Grid, origins: NDArray[np.int64], count: int) -> Values:
        """Return the temperature's effect at the steps to come: as on the day before."""
        known = grid.warmth if grid.warmth is not None else np.full(len(grid), np.nan)
        warmth = _carried(known, self.usual_warmth)
        day = max(BY_NAME["day"].steps(grid.step), 1)
        back = day - np.arange(count) % day
        at = np.maximum(origins[:, None] + 1 - back, 0)
        degrees = np.maximum(warmth[:, None] - np.array(self.layout.knots), 0.0)
        effect = degrees @ self.weights[self.layout.groups["warmth"]]
        coming: Values = effect[at]
        return coming

    def growth(self, count: int) -> Values:
        growth: Values = np.sqrt(np.cumsum(self.errors.response(count) ** 2))
        return growth

    def memory(self) -> int:
        day = BY_NAME["day"].steps(self.step) if self.step else 1
        return 2 * self.errors.memory + day + 1

    def _begin(self, series: Series, options: Mapping[str, Any]) -> Grid:
        self.warmth = options["temperature"]
        self._kept = None
        self.profile = np.empty(0)
        grid = super()._begin(series, options)
        if self.warmth is not None:
            self.features = (self.target, self.warmth)
        return grid

    def tell(self, grid: Grid) -> dict[str, Any]:
        lags, weights = self.errors.lags, self.errors.weights.tolist()
        tried = sorted(self._tried, key=lambda choice: choice.akaike)[:SHOWN_CANDIDATES]
        return {
            "equation": _equation(self.target, self.layout, lags),
            "step_seconds": self.step / 1000,
            "horizon": self.horizon,
            "seasons": {name: len(ks) for name, ks in self.layout.waves},
            "coefficients": [
                {"name": f"{lag} steps before", "value": weight}
                for lag, weight in zip(lags, weights, strict=True)
            ],
            "standard_deviation": self._spread,
            "candidates": [
                {
                    "waves": choice.highest,
                    "lags": len(choice.lags),
                    "longest_lag": max(choice.lags, default=0),
                    "parameters": choice.parameters,
                    "akaike": choice.akaike,
                }
                for choice in tried
            ],
            "cells": len(grid),
            "gaps": int((~np.isfinite(grid.values)).sum()),
        }

    def state(self) -> dict[str, Any]:
        return {
            "layout": self.layout.to_dict(),
            "weights": self.weights.tolist(),
            "errors": self.errors.to_dict(),
            "profile_layout": self.profile_layout.to_dict(),
            "profile": self.profile.tolist(),
            "persistence": self.persistence,
            "centre": self.centre,
            "scale": self.scale,
            "usual_warmth": self.usual_warmth,
        }

    def set_state(self, data: Mapping[str, Any]) -> None:
        self.layout = Layout.from_dict(data["layout"])
        self.weights = np.array(data["weights"])
        self.errors = Autoregression.from_dict(data["errors"])
        self.profile_layout = Layout.from_dict(data["profile_layout"])
        self.profile = np.array(data["profile"])
        self.persistence = float(data["persistence"])
        self.centre, self.scale = float(data["centre"]), float(data["scale"])
        self.usual_warmth = float(data["usual_warmth"])


def _crossed(
    columns: Values, lags: tuple[int, ...], series: Values, known: NDArray[np.bool_]
) -> Cross:
    start = max(lags, default=0)
    return Cross.lagged(columns, lags, series, start + np.flatnonzero(known[start:]))


def _lags(seasons: list[int], known: int, count: int) -> tuple[int, ...]:
    """Return all lags that may be taken: short ones, and those around the seasons."""
    first = seasons[0] if seasons else 0
    short = min(first + 2, SHORT_LAGS[-1]) if first else PLAIN_LAGS
    short = max(min(short, known // ROWS_PER_LAG), 1)
    found = set(range(1, short + 1))
    if first:
        found |= {first, first + 1, 2 * first}
    for season in seasons[1:2]:
        found |= {season - 1, season, season + 1}
    return tuple(sorted(lag for lag in found if lag <= max(count // LONGEST_SHARE, 1)))


def _lag_choices(lags: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return smaller choices of lags: fewer short ones, without the longest seasons."""
    short = 0
    while short + 1 in lags:
        short += 1
    longer = [lag for lag in lags if lag > short]
    ends = [0] + [at + 1 for at, lag in enumerate(longer) if lag + 1 not in longer]
    chosen = {
        tuple(lag for lag in lags if lag <= low or lag in longer[:end])
        for low in SHORT_LAGS
        if low < short
        for end in ends
    }
    chosen |= {tuple(lag for lag in lags if lag <= short or lag in longer[:end]) for end in ends}
    return sorted(chosen)


def _positions(
    which: list[int], width: int, chosen: tuple[int, ...], lags: tuple[int, ...]
) -> NDArray[np.int64]:
    return np.array([*which, *(width + lags.index(lag) for lag in chosen)], dtype=np.int64)


def _carried(values: Values, usual: float) -> Values:
    """Return values with gaps filled by the last known one, at the start by the usual one."""
    at = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(values.size), -1))
    return np.where(at >= 0, values[np.maximum(at, 0)], usual)


def _equation(target: str, layout: Layout, lags: tuple[int, ...]) -> str:
    parts = [f"{len(ks)} waves of the {name}" for name, ks in layout.waves]
    if layout.holidays:
        parts.append("holidays")
    if layout.knots:
        parts.append("temperature")
    if lags:
        parts.append(f"{len(lags)} lags up to {lags[-1]} steps")
    return f"{target} = level + " + " + ".join([*parts, "error"])


MODEL = ArimaForecast
