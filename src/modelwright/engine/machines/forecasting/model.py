"""What the forecast types have in common."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.base import Expected, MachineEvaluation, MachineModel, Report
from modelwright.engine.machines.checks import (
    check_series,
    implausible_values,
    implausible_warning,
    target_channel,
    target_values,
)
from modelwright.engine.machines.forecasting.grid import Grid, Placed, grid_step, place
from modelwright.engine.machines.forecasting.horizons import HorizonBand
from modelwright.engine.machines.forecasting.seasons import DAY, SEASONS
from modelwright.engine.machines.holiday_days import holiday_days
from modelwright.engine.machines.local_time import hour_of_week, local
from modelwright.engine.machines.scores import machine_evaluation
from modelwright.engine.machines.series import Series, Times, Values
from modelwright.engine.parameters import (
    IntegerParameter,
    NumberParameter,
    Parameter,
    TextParameter,
)

CALIBRATED_SHARE = 0.2
MOST_HORIZON = 2000
USUAL_HORIZON = 7
MOST_ORIGINS = 2000
CHUNK = 4096
FEW_ERRORS = 200

COMMON_PARAMETERS: tuple[Parameter, ...] = (
    TextParameter("target", None, "Channel to forecast; null for energy, else power.", True),
    IntegerParameter(
        "horizon", None, "Steps ahead; null for a day.", True, low=1, high=MOST_HORIZON
    ),
    NumberParameter("coverage", 0.9, "Share of values inside the band.", low=0.5, high=0.99),
    TextParameter("holidays", None, "Country whose holidays are known: US, DE-BW.", True),
)


class ForecastModel(MachineModel):
    """A forecast from a machine's own past.

    Readings are put on a regular grid. The band comes from rolling origins: the model is fitted to
    the first four fifths, its errors of 1 to `horizon` steps are taken over the last fifth, then it
    is fitted to all.
    """

    parameters = COMMON_PARAMETERS
    minimum_readings: ClassVar[int] = 24

    def __init__(self, options: Mapping[str, Any] | None = None, *, seed: int = 42) -> None:
        super().__init__(options, seed=seed)
        self.step = 0
        self.horizon = 0
        self.timezone = "UTC"
        self.period = 1
        self.warmth: str | None = None
        self.holidays: dict[int, str] = {}
        self.low, self.high = -np.inf, np.inf
        self.naive_error = 0.0
        self.tail = Grid(0, 1, np.empty(0))
        self.band: HorizonBand | None = None
        self.coverage = 0.9
        self.description: dict[str, Any] = {}

    @abstractmethod
    def learn(self, grid: Grid, earlier: int) -> None:
        """Fit to `grid`, whose first `earlier` cells are those of the fit before, if any."""

    @abstractmethod
    def roll(
        self, grid: Grid, origins: NDArray[np.int64], count: int, *, fresh: bool = True
    ) -> Values:
        """Return forecasts of 1 … `count` steps from each origin.

        Parameters
        ----------
        grid : Grid
        origins : ndarray of int64, shape (m,)
            Last cell that is known, increasing; cells after it are not looked at.
        count : int
        fresh : bool
            Whether a type that has to be fitted anew to know later cells is so for each origin; if
            not, only each `horizon` cells.

        Returns
        -------
        ndarray of float64, shape (m, count)
        """

    @abstractmethod
    def growth(self, count: int) -> Values:
        """Return how errors grow over 1 … `count` steps in theory, shape (count,)."""

    @abstractmethod
    def memory(self) -> int:
        """Return how many cells before its first reading a forecast should know."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return what the type has learned, as JSON can hold it."""

    @abstractmethod
    def set_state(self, data: Mapping[str, Any]) -> None:
        """Take what `state` gave."""

    @abstractmethod
    def tell(self, grid: Grid) -> dict[str, Any]:
        """Return what the type tells of itself."""

    def fit(self, series: Series, *, report: Report | None = None) -> Self:
        options = self.check_options(self.options)
        self.warnings = []
        grid = self._begin(series, options)
        count = len(grid)
        cut = count - max(round(count * CALIBRATED_SHARE), 1)
        known = np.isfinite(grid.values)
        self.band = None
        earlier = 0
        if known[:cut].sum() >= self.minimum_readings and np.ptp(grid.values[:cut][known[:cut]]):
            if report is not None:
                report(0.0, "calibrate", "Fitting to the first four fifths")
            self.learn(grid.part(0, cut), 0)
            earlier = cut
            self._calibrate(grid, cut)
        if report is not None:
            report(50.0, "fit", "Fitting to everything")
        self.learn(grid, earlier)
        if self.band is None:
            self._calibrate(grid, max(count - self.horizon - 1, 1))
        self.tail = grid.part(max(count - max(self.memory(), self.period), 0), count)
        self.description = self.tell(grid)
        return self

    def _begin(self, series: Series, options: Mapping[str, Any]) -> Grid:
        check_series(series, minimum=self.minimum_readings)
        self.target = target_channel(series, options["target"])
        self.features = (self.target,)
        target_values(series, self.target, minimum=self.minimum_readings)
        self.timezone = series.timezone
        self.coverage = float(options["coverage"])
        self.step = grid_step(series.times)
        grid = self._placed(series, joined=False).grid
        known = np.isfinite(grid.values)
        if known.sum() < self.minimum_readings:
            raise DataLoadError(
                f"{self.target} was read in only {int(known.sum())} steps of"
                f" {self.step / 3_600_000:g} hours: send at least {self.minimum_readings}."
            )
        far = known & implausible_values(grid.values, known)
        if far.any():
            self.warnings.append(implausible_warning(self.target, int(far.sum())))
            grid = replace(grid, values=np.where(far, np.nan, grid.values))
        self._measure(grid)
        self.horizon = options["horizon"] or self._usual_horizon()
        if options["holidays"] is not None:
            self.holidays = holiday_days(options["holidays"], series.times)
        return grid

    def _measure(self, grid: Grid) -> None:
        values = grid.values[np.isfinite(grid.values)]
        span = float(np.ptp(values))
        self.low, self.high = float(values.min()) - span, float(values.max()) + span
        if values.min() >= 0:
            self.low = 0.0
        steps = [s.steps(self.step) for s in SEASONS if s.length >= 2 * self.step]
        fitting = [n for n in steps if 2 * n <= len(grid)]
        self.period = fitting[0] if fitting else 1
        self.naive_error = _naive_error(grid.values, self.period) or _naive_error(grid.values, 1)

    def _usual_horizon(self) -> int:
        day = DAY.steps(self.step)
        return min(max(day, 1), MOST_HORIZON) if day > 1 else USUAL_HORIZON

    def _calibrate(self, grid: Grid, cut: int) -> None:
        horizon = min(self.horizon, len(grid) - cut)
        last = len(grid) - horizon
        origins = np.unique(np.linspace(cut - 1, last - 1, MOST_ORIGINS).astype(np.int64))
        paths = self._within(self.roll(grid, origins, horizon, fresh=False))
        ahead = origins[:, None] + np.arange(1, horizon + 1)
        errors = grid.values[ahead] - paths
        cell = self._cells(grid.times)[ahead]
        if np.isfinite(errors).sum() < FEW_ERRORS:
            self.warnings.append("The readings are few: the forecast's band is a guess.")
        self.band = HorizonBand.of(errors, cell, self.growth(horizon), self.coverage)

    def _within(self, values: Values) -> Values:
        """Return forecasts, kept inside what the machine has ever come near to."""
        return np.clip(values, self.low, self.high)

    def _cells(self, times: Times) -> NDArray[np.int64]:
        return hour_of_week(local(times, self.timezone))

    def _limits(
        self, mean: Values, ahead: NDArray[np.int64], times: Times
    ) -> tuple[Values, Values]:
        if self.band is None:
            return np.full(mean.size, np.nan), np.full(mean.size, np.nan)
        shape = self.growth(max(int(ahead.max(initial=1)), self.band.size.size))
        lower, upper = self.band.around(mean, ahead, self._cells(times), shape)
        return np.maximum(lower, self.low) if self.low == 0 else lower, upper

    def _placed(self, series: Series, *, joined: bool = True) -> Placed:
        """Return readings on the model's grid, with what the model keeps of those before them."""
        placed = place(series, self.target, self.step, self.warmth)
        if not joined:
            return placed
        whole = placed.grid.after(self.tail)
        offset = len(whole) - len(placed.grid)
        cell = np.where(placed.cell >= 0, placed.cell + offset, -1)
        return Placed(whole, cell, placed.share)

    def forecast(self, history: Series, horizon: int) -> Expected:
        """Return the next `horizon` steps after the end of `history`.

        Raises
        ------
        DataLoadError
            `history` is empty, or read less often than the model's steps.
        """
        if not 1 <= horizon <= MOST_HORIZON:
            raise DataLoadError(f"The horizon must be between 1 and {MOST_HORIZON} steps.")
        if not len(history):
            raise DataLoadError("There are no readings to go on from: send the last days.")
        grid = self._placed(history).grid
        if not len(grid):
            raise DataLoadError(
                f"The readings don't fill a step of {self.step / 3_600_000:g} hours: send more."
            )
        mean = self._within(self.roll(grid, np.array([len(grid) - 1]), horizon)[0])
        times = grid.times_of(len(grid), len(grid) + horizon)
        lower, upper = self._limits(mean, np.arange(1, horizon + 1), times)
        return Expected(times, mean, lower, upper, self.coverage)

    def expected(self, series: Series) -> Expected:
        placed = self._placed(series)
        grid, inside = placed.grid, placed.cell >= 0
        mean = np.full(len(series), np.nan)
        if len(grid):
            cells = self._ahead(grid)
            mean[inside] = cells[placed.cell[inside]] * placed.share[inside]
        ahead = np.full(len(series), self.horizon)
        lower, upper = self._limits(mean, ahead, series.times)
        return Expected(series.times, mean, lower, upper, self.coverage)

    def _ahead(self, grid: Grid) -> Values:
        """Return for each cell the forecast made `horizon` steps before; NaN where none was."""
        count = len(grid)
        found = np.full(count, np.nan)
        for low in range(0, count - self.horizon, CHUNK):
            origins = np.arange(low, min(low + CHUNK, count - self.horizon))
            paths = self.roll(grid, origins, self.horizon, fresh=False)
            found[origins + self.horizon] = self._within(paths[:, -1])
        return found

    def evaluate(self, series: Series, *, start: int | None = None) -> MachineEvaluation:
        """Return how forecasts from rolling origins do: one each `horizon` steps.

        ``mase`` is the mean absolute error in units of that which the seasonal naive forecast had
        on the readings of the fit; ``mase_naive`` is what that forecast has here.
        """
        grid = self._placed(series).grid
        first = 0
        if start is not None:
            first = int(np.searchsorted(grid.times, start))
        origins = np.arange(max(first - 1, 0), len(grid) - 1, self.horizon)
        if not origins.size:
            raise DataLoadError("There are no readings after the start: choose an earlier one.")
        paths = self._within(self.roll(grid, origins, self.horizon))
        ahead = origins[:, None] + np.arange(1, self.horizon + 1)
        counts = (ahead < len(grid)).ravel()
        cells = ahead.ravel()[counts]
        mean, times = paths.ravel()[counts], grid.times[cells]
        actual = grid.values[cells]
        steps = np.tile(np.arange(1, self.horizon + 1), origins.size)[counts]
        lower, upper = self._limits(mean, steps, times)
        known = np.isfinite(actual)
        inside = (actual >= lower) & (actual <= upper)
        naive = self._naive(grid, origins).ravel()[counts]
        more = {
            "mase": self._scaled(actual - mean),
            "mase_naive": self._scaled(actual - naive),
            "coverage": float(inside[known].mean()) if known.any() else None,
        }
        return machine_evaluation(times, actual, mean, more)

    def _naive(self, grid: Grid, origins: NDArray[np.int64]) -> Values:
        """Return what was read one period before, again and again; shape (origins, horizon)."""
        back = self.period - np.arange(self.horizon) % self.period
        at = origins[:, None] + 1 - back
        return np.where(at >= 0, grid.values[np.maximum(at, 0)], np.nan)

    def _scaled(self, errors: Values) -> float | None:
        known = np.isfinite(errors)
        if not known.any() or not self.naive_error > 0:
            return None
        return float(np.abs(errors[known]).mean()) / self.naive_error

    def describe(self) -> dict[str, Any]:
        return self.description

    def to_dict(self) -> dict[str, Any]:
        return {
            "options": self.options,
            "seed": self.seed,
            "warnings": self.warnings,
            "target": self.target,
            "features": list(self.features),
            "step": self.step,
            "horizon": self.horizon,
            "timezone": self.timezone,
            "period": self.period,
            "holidays": [[day, name] for day, name in self.holidays.items()],
            "range": [self.low, self.high],
            "naive_error": self.naive_error,
            "coverage": self.coverage,
            "warmth": self.warmth,
            "tail": self.tail.to_dict(),
            "band": self.band.to_dict() if self.band is not None else None,
            "description": self.description,
            "state": self.state(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        model = cls(data["options"], seed=data["seed"])
        model.warnings = list(data["warnings"])
        model.target, model.features = data["target"], tuple(data["features"])
        model.step, model.horizon = data["step"], data["horizon"]
        model.timezone, model.period = data["timezone"], data["period"]
        model.holidays = {int(day): str(name) for day, name in data["holidays"]}
        model.low, model.high = data["range"]
        model.naive_error, model.coverage = data["naive_error"], data["coverage"]
        model.warmth, model.tail = data["warmth"], Grid.from_dict(data["tail"])
        if data["band"] is not None:
            model.band = HorizonBand.from_dict(data["band"])
        model.description = dict(data["description"])
        model.set_state(data["state"])
        return model


def _naive_error(values: Values, period: int) -> float:
    """Return the mean absolute difference to one period before; 0 where there is none."""
    if period >= values.size:
        return 0.0
    differences = np.abs(values[period:] - values[:-period])
    known = differences[np.isfinite(differences)]
    return float(known.mean()) if known.size else 0.0
