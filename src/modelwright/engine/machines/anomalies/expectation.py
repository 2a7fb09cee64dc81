"""What a channel usually reads at a time of the week, given the machine's drivers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.local_time import DAY_MS, hour_of_week, local
from modelwright.engine.machines.series import HOUR_MS, Series, Times, Values

SLOTS = {"none": 1, "day": 24, "weekday": 7, "week": 168}
LEAST_DAYS = {"none": 0, "day": 3, "weekday": 35, "week": 21}
BETTER = 0.95  # of the error, for slots to be worth it
KNOTS = (0.25, 0.5, 0.75)
LEVELS = 8
MOST_ROWS = 20_000
BEYOND = 0.2  # of a driver's range, as far as lines are drawn on


@dataclass(frozen=True)
class Shape:
    """How a driver is laid out in columns: bent at knots, with a step where it leaves its least.

    Parameters
    ----------
    low, high : float
        Its range.
    knots : tuple of float
    """

    low: float
    high: float
    knots: tuple[float, ...]

    @classmethod
    def of(cls, values: Values) -> Self:
        """Return the shape of a driver, NaN left out."""
        known = values[np.isfinite(values)]
        if not known.size:
            return cls(0.0, 1.0, ())
        low, high = float(known.min()), float(known.max())
        above = known[known > low]
        knots = np.unique(np.quantile(above, KNOTS)) if above.size else np.array([])
        return cls(low, high, tuple(knots.tolist()))

    def columns(self, values: Values) -> Values:
        """Return shape (n, 2 + knots), NaN where the driver is unknown."""
        span = (self.high - self.low) or 1.0
        clipped = np.clip(values, self.low - BEYOND * span, self.high + BEYOND * span)
        bends = [np.maximum(clipped - knot, 0) / span for knot in self.knots]
        above = np.where(np.isnan(values), np.nan, (clipped > self.low).astype(np.float64))
        return np.column_stack([(clipped - self.low) / span, above, *bends])

    def to_list(self) -> list[float]:
        """Return what JSON can hold."""
        return [self.low, self.high, *self.knots]

    @classmethod
    def from_list(cls, data: Sequence[float]) -> Self:
        """Return what `to_list` wrote."""
        return cls(data[0], data[1], tuple(data[2:]))


@dataclass(frozen=True)
class Expectation:
    """A channel's usual value and spread.

    A ridge regression on the slot of the day or week and on the drivers, whose effects may differ
    between slots in which much and in which little goes on. Spread is that of the errors on
    readings left out, by the expected value.

    Parameters
    ----------
    slots : str
        ``none``, ``day`` (24 hours), ``weekday`` or ``week`` (168 hours).
    busy : ndarray of bool, shape (slots,)
        Where much goes on.
    shapes : mapping
        Driver -> `Shape`.
    coefficients : ndarray of float64, shape (p,)
    at, spread : ndarray of float64, shape (levels,)
        Expected values and the usual absolute error there, times 1.4826.
    low, high : float
        In multiples of the spread, 95 % of the errors lie between them.
    explained : float
        Share of the variance, from readings left out.
    """

    slots: str
    busy: NDArray[np.bool_]
    shapes: Mapping[str, Shape]
    coefficients: Values
    at: Values
    spread: Values
    low: float
    high: float
    explained: float

    @classmethod
    def of(cls, series: Series, name: str, drivers: Sequence[str]) -> tuple[Self, Values]:
        """Learn from a series.

        Returns
        -------
        expectation : Expectation
        residuals : ndarray of float64, shape (n,)
            Standardised errors, as if each reading hadn't been learned from; NaN where unknown.
        """
        stride = _stride(len(series))
        learned = _every(series, stride)
        values = learned.channels[name]
        shapes = {driver: Shape.of(series.channels[driver]) for driver in drivers}
        best: tuple[str, NDArray[np.bool_], _Ridge] | None = None
        for slots in _possible(series.times):
            number = _slot(learned.times, learned.timezone, slots)
            busy = _busy(values, number, SLOTS[slots])
            ridge = _Ridge(_design(learned, number, slots, busy, shapes), values)
            if best is None or ridge.error < BETTER * best[2].error:
                best = (slots, busy, ridge)
        assert best is not None  # noqa: S101  ("none" is always possible)
        slots, busy, ridge = best
        at, spread = _spread(ridge.expected, ridge.left_out)
        scaled = ridge.left_out / np.interp(ridge.expected, at, spread)
        known = scaled[np.isfinite(scaled)]
        low, high = np.quantile(known, (0.025, 0.975)) if known.size else (0.0, 0.0)
        found = cls(
            slots,
            busy,
            shapes,
            ridge.coefficients,
            at,
            spread,
            min(float(low), 0.0),
            max(float(high), 0.0),
            ridge.explained,
        )
        expected, width = found.values(series)
        residuals = (series.channels[name] - expected) / width
        residuals[::stride] = scaled
        return found, residuals

    def values(self, series: Series) -> tuple[Values, Values]:
        """Return the expected value and the spread of each reading; NaN without a driver."""
        number = _slot(series.times, series.timezone, self.slots)
        count = SLOTS[self.slots] if SLOTS[self.slots] > 1 else 0
        effects, slopes = self.coefficients[1 : 1 + count], self.coefficients[1 + count :]
        expected = np.full(len(series), self.coefficients[0])
        if count:
            expected += effects[number]
        # Row by row, so that a reading's value doesn't depend on which others are asked for.
        for column, slope in zip(
            _driver_columns(series, number, count, self.busy, self.shapes), slopes, strict=True
        ):
            expected += column * slope
        return expected, np.interp(expected, self.at, self.spread)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "slots": self.slots,
            "busy": self.busy.astype(int).tolist(),
            "shapes": {name: shape.to_list() for name, shape in self.shapes.items()},
            "coefficients": self.coefficients.tolist(),
            "at": self.at.tolist(),
            "spread": self.spread.tolist(),
            "low": self.low,
            "high": self.high,
            "explained": self.explained,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        arrays = {name: np.array(data[name]) for name in ("coefficients", "at", "spread")}
        return cls(
            **{
                **data,
                **arrays,
                "busy": np.array(data["busy"], dtype=np.bool_),
                "shapes": {n: Shape.from_list(shape) for n, shape in data["shapes"].items()},
            }
        )


def _possible(times: Times) -> list[str]:
    days = (int(times[-1]) - int(times[0])) / DAY_MS
    step = float(np.median(np.diff(times)))
    fine = {"none", "day", "week"} if step <= 3 * HOUR_MS else {"none", "weekday"}
    if step > 1.5 * DAY_MS:
        fine = {"none"}
    return [slots for slots in SLOTS if slots in fine and days >= LEAST_DAYS[slots]]


def _slot(times: Times, timezone: str, slots: str) -> NDArray[np.int64]:
    if slots == "none" or not times.size:
        return np.zeros(times.size, dtype=np.int64)
    hour = hour_of_week(local(times, timezone))
    if slots == "week":
        return hour
    return hour % 24 if slots == "day" else hour // 24


def _busy(values: Values, number: NDArray[np.int64], slots: int) -> NDArray[np.bool_]:
    known = np.isfinite(values)
    counts = np.maximum(np.bincount(number[known], minlength=slots), 1)
    means = np.bincount(number[known], weights=values[known], minlength=slots) / counts
    found: NDArray[np.bool_] = means > (means.min() + means.max()) / 2
    return found


def _design(
    series: Series,
    number: NDArray[np.int64],
    slots: str,
    busy: NDArray[np.bool_],
    shapes: Mapping[str, Shape],
) -> Values:
    count = SLOTS[slots]
    columns = [np.ones((number.size, 1))]
    if count > 1:
        columns.append((number[:, None] == np.arange(count)).astype(np.float64))
    columns += [c[:, None] for c in _driver_columns(series, number, count, busy, shapes)]
    return np.hstack(columns)


def _driver_columns(
    series: Series,
    number: NDArray[np.int64],
    slots: int,
    busy: NDArray[np.bool_],
    shapes: Mapping[str, Shape],
) -> list[Values]:
    missing = np.full(number.size, np.nan)
    found: list[Values] = []
    for name, shape in shapes.items():
        driver = shape.columns(series.channels.get(name, missing)).T
        found += list(driver)
        if slots > 1:
            found += list(driver * busy[number])
    return found


def _stride(count: int) -> int:
    """Return how many readings to go on for the next to learn from; no hour is left out by it."""
    stride = -(-count // MOST_ROWS)
    while stride > 1 and gcd(stride, 2 * 3 * 5 * 7) > 1:
        stride += 1
    return max(stride, 1)


def _every(series: Series, stride: int) -> Series:
    channels = {name: values[::stride] for name, values in series.channels.items()}
    return Series(series.times[::stride], channels, series.timezone)


class _Ridge:
    """A ridge fit, one round of which gives less weight to what is far off."""

    def __init__(self, design: Values, values: Values) -> None:
        known = np.isfinite(values) & np.isfinite(design).all(axis=1)
        X, y = design[known], values[known]
        used = weights = np.ones(y.size)
        for _ in range(2):
            inverse = np.linalg.inv(_gram(X, weights))
            self.coefficients = inverse @ (X.T @ (weights * y))
            errors = y - X @ self.coefficients
            usual = 1.4826 * float(np.median(np.abs(errors))) if errors.size else 0.0
            if usual == 0:
                break
            used, weights = weights, np.minimum(1.0, 3 * usual / np.maximum(abs(errors), 1e-300))
        leverage = ((X @ inverse) * X).sum(axis=1) * used
        left_out = errors / (1 - np.minimum(leverage, 0.9))
        self.expected = np.full(values.size, np.nan)
        self.expected[known] = y - errors
        self.left_out = np.full(values.size, np.nan)
        self.left_out[known] = left_out
        variance = float(y.var()) if y.size else 0.0
        self.error = float(np.abs(left_out).mean()) if y.size else np.inf
        self.explained = 1 - float((left_out**2).mean()) / variance if variance > 0 else 0.0


def _gram(X: Values, weights: Values) -> Values:
    penalty = np.ones(X.shape[1])
    penalty[0] = 1e-6
    return np.asarray(X.T @ (X * weights[:, None]) + np.diag(penalty))


def _spread(expected: Values, errors: Values) -> tuple[Values, Values]:
    """Return usual absolute errors by the expected value, from eight groups of equal size."""
    known = np.isfinite(expected) & np.isfinite(errors)
    if not known.any():
        return np.zeros(1), np.ones(1)
    order = np.argsort(expected[known], kind="stable")
    sizes, where = np.abs(errors[known])[order], expected[known][order]
    usual = 1.4826 * float(np.median(sizes))
    least = max(0.1 * usual, 1e-3 * float(np.abs(where).mean()), 1e-9)
    number = min(LEVELS, max(1, sizes.size // 50)) if where[-1] - where[0] > 1e-9 * usual else 1
    groups = np.array_split(np.arange(sizes.size), number)
    at = np.array([float(where[group].mean()) for group in groups])
    spread = np.array([1.4826 * float(np.median(sizes[group])) for group in groups])
    return at, np.maximum(spread, least)
