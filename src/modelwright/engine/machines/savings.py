"""What was saved against a baseline: totals, their uncertainty, the cumulative sum, its turns."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.baseline import Baseline
from modelwright.engine.machines.cadence import durations
from modelwright.engine.machines.gathering import Bins
from modelwright.engine.machines.local_time import DAY_MS, local
from modelwright.engine.machines.series import Series, Times, Values, is_total

BRIDGE_99 = 1.628
LEAST_TURN_DAYS = 7
MANY_MISSING = 0.1
BEFORE_MS = 2 * DAY_MS  # what lagged temperatures look back on, and more


@dataclass(frozen=True)
class Adjustment:
    """A non-routine adjustment: energy that changed for a reason outside the baseline.

    Parameters
    ----------
    start, end : int
        Milliseconds UTC; `end` is excluded.
    power : float
        What the machine is expected to draw more (less, where negative) in that time: kW, or the
        target's unit per hour.
    reason, author : str
        Why, and who says so.
    """

    start: int
    end: int
    power: float
    reason: str
    author: str


@dataclass(frozen=True)
class Savings:
    """What a period used, against what was expected of it.

    Parameters
    ----------
    start, end : int
        First and last reading that count, milliseconds UTC.
    actual, expected, adjustment : float
        Totals in kWh (in the target's unit where that is another amount); `expected` includes the
        adjustments.
    saved, lower, upper : float
        Expected less actual, and the limits between which the true value lies with `confidence`.
    percent : float or None
        Saved, of expected.
    confidence : float
    significant : bool
        Whether the limits are both on one side of 0.
    hours : float
        That count: readings with both an actual and an expected value.
    missing : float
        Share of the period's readings that don't count.
    warnings : tuple of str
    """

    start: int
    end: int
    actual: float
    expected: float
    adjustment: float
    saved: float
    lower: float
    upper: float
    percent: float | None
    confidence: float
    significant: bool
    hours: float
    missing: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """A day on which the cumulative sum took another direction.

    Parameters
    ----------
    time : int
        Start of the day, milliseconds UTC.
    before, after : float
        Mean of actual less expected, kW, up to it and from it on (to the neighbouring turns).
    """

    time: int
    before: float
    after: float


@dataclass(frozen=True)
class Cusum:
    """The cumulative sum of actual less expected.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
    total : ndarray of float64, shape (n,)
        kWh; a falling line saves. Readings that don't count add nothing.
    reach : ndarray of float64, shape (n,)
        How far from 0 chance takes it, with `confidence` at each reading.
    confidence : float
    turns : tuple of Turn
    """

    times: Times
    total: Values
    reach: Values
    confidence: float
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class _Pairs:
    series: Series
    excess: Values
    actual: Values
    expected: Values
    adjustment: Values
    hours: Values
    known: NDArray[np.bool_]
    warnings: tuple[str, ...]


def savings(
    model: Baseline,
    series: Series,
    *,
    start: int | None = None,
    end: int | None = None,
    adjustments: Sequence[Adjustment] = (),
    confidence: float = 0.9,
) -> Savings:
    """Compare a period with the baseline.

    Parameters
    ----------
    model : Baseline
        Fitted.
    series : Series
        Readings of the period, best with a day before it.
    start, end : int, optional
        The period, milliseconds UTC, `end` excluded; default all readings.
    adjustments : sequence of Adjustment
    confidence : float
        Between 0 and 1.

    Raises
    ------
    DataLoadError
        No reading of the period has what the baseline needs.

    Examples
    --------
    >>> hours = np.arange(24 * 70)
    >>> load = 20 + np.random.default_rng(0).normal(size=1680)
    >>> before = Series(hours * 3_600_000, {"energy_kwh": load})
    >>> after = Series((hours + 1680) * 3_600_000, {"energy_kwh": load * 0.9})
    >>> found = savings(Baseline().fit(before), after)
    >>> round(found.percent), found.significant
    (10, True)
    """
    pairs = _pairs(model, series, adjustments, start, end)
    actual = float(pairs.actual[pairs.known].sum())
    expected = float(pairs.expected[pairs.known].sum())
    hours = float(pairs.hours[pairs.known].sum())
    reach = float(model.errors.of_sum(np.array([hours]), confidence)[0])
    saved = expected - actual
    missing = 1 - float(pairs.known.mean())
    warnings = list(pairs.warnings)
    if missing > MANY_MISSING:
        warnings.append(f"{missing:.0%} of the period's readings lack energy or a driver.")
    at = pairs.series.times[pairs.known]
    return Savings(
        start=int(at[0]),
        end=int(at[-1]),
        actual=actual,
        expected=expected,
        adjustment=float(pairs.adjustment[pairs.known].sum()),
        saved=saved,
        lower=saved - reach,
        upper=saved + reach,
        percent=100 * saved / expected if expected > 0 else None,
        confidence=confidence,
        significant=abs(saved) > reach,
        hours=hours,
        missing=missing,
        warnings=tuple(warnings),
    )


def cusum(
    model: Baseline,
    series: Series,
    *,
    start: int | None = None,
    end: int | None = None,
    adjustments: Sequence[Adjustment] = (),
    confidence: float = 0.9,
) -> Cusum:
    """Return the cumulative sum of actual less expected, and where it turns.

    A turn is where the sum leaves the bridge between both ends of its stretch by more than chance
    does in 1 % of all stretches (the supremum of a Brownian bridge); stretches are cut until none
    is left.

    Raises
    ------
    DataLoadError
        No reading of the period has what the baseline needs.
    """
    pairs = _pairs(model, series, adjustments, start, end)
    excess = np.where(pairs.known, pairs.excess, 0.0)
    spent = np.cumsum(np.where(pairs.known, pairs.hours, 0.0))
    return Cusum(
        pairs.series.times,
        np.cumsum(excess),
        model.errors.of_sum(spent, confidence),
        confidence,
        _turns(model, pairs),
    )


def _pairs(
    model: Baseline,
    series: Series,
    adjustments: Sequence[Adjustment],
    start: int | None,
    end: int | None,
) -> _Pairs:
    if model.target not in series.channels or not len(series):
        raise DataLoadError(f"The period has no readings of {model.target}: choose another one.")
    series = series.between(
        int(series.times[0]) if start is None else start - BEFORE_MS,
        int(series.times[-1]) + 1 if end is None else end,
    )
    if not len(series):
        raise DataLoadError("There are no readings in the period: choose another one.")
    found = model.expected(series)
    hours = durations(series.times)
    factor = np.ones(len(series)) if is_total(model.target) else hours
    extra = np.zeros(len(series))
    for adjustment in adjustments:
        inside = (series.times >= adjustment.start) & (series.times < adjustment.end)
        extra += np.where(inside, adjustment.power * hours, 0.0)
    actual, expected = series.channels[model.target] * factor, found.mean * factor + extra
    low = 0 if start is None else int(np.searchsorted(series.times, start))
    part = slice(low, len(series))
    known = (np.isfinite(actual) & np.isfinite(expected))[part]
    if not known.any():
        raise DataLoadError(
            f"No reading of the period has both {model.target} and what its baseline needs"
            f" ({', '.join(model.features[1:]) or 'nothing else'}): choose another period."
        )
    return _Pairs(
        Series(series.times[part], {}, series.timezone),
        (actual - expected)[part],
        actual[part],
        expected[part],
        extra[part],
        hours[part],
        known,
        found.warnings,
    )


def _turns(model: Baseline, pairs: _Pairs) -> tuple[Turn, ...]:
    series = pairs.series
    bins = Bins.of(local(series.times, series.timezone) // DAY_MS)
    hours = np.where(pairs.known, pairs.hours, 0.0)
    rates = np.where(pairs.known, pairs.excess / pairs.hours, np.nan)
    daily = bins.mean(rates, hours)
    full = np.flatnonzero(np.isfinite(daily))
    days, starts = daily[full], series.times[bins.starts[full]]
    length = float(np.median(bins.total(hours)[full]))
    chance = model.errors.spread * np.sqrt(model.errors.block_hours / max(length, 1e-9))
    cuts = [0, *_cut(days, chance, 0), days.size]
    means = [float(days[a:b].mean()) for a, b in itertools.pairwise(cuts)]
    return tuple(
        Turn(int(starts[at]), before, after)
        for at, before, after in zip(cuts[1:-1], means[:-1], means[1:], strict=True)
    )


def _cut(days: Values, chance: float, offset: int) -> list[int]:
    """Return where the mean of the days changes, in order (binary segmentation)."""
    count = days.size
    if count < 2 * LEAST_TURN_DAYS or not chance > 0:
        return []
    sums = np.cumsum(days - days.mean())[:-1]
    inner = np.abs(sums[LEAST_TURN_DAYS - 1 : count - LEAST_TURN_DAYS])
    at = int(inner.argmax()) + LEAST_TURN_DAYS
    if inner.max() <= BRIDGE_99 * chance * np.sqrt(count):
        return []
    return [
        *_cut(days[:at], chance, offset),
        offset + at,
        *_cut(days[at:], chance, offset + at),
    ]
