"""Findings about a machine's thermometer beside those of the other machines at its site."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.finding import Finding, long, stretches, told
from modelwright.engine.machines.quality_values import stuck
from modelwright.engine.machines.series import HOUR_MS, TEMPERATURE, Series, Times, Values

USUAL_DAYS = 20  # before anything is usual
DAY_HOURS = 6  # of a day that both have to have read
WINDOWS = ((3, 0.3), (1, 1.0))  # days, and degC that their mean is off at least
SPREADS = 6.0
BY_ITSELF = 0.5  # of that mean, by which each day is off that counts
JOIN_DAYS = 21  # a tenth too much is nothing around 0 degC
CRITICAL = 3.0  # degC
SAME = 0.05  # degC
ABSURD = 1e6  # in no unit and of no converter: not worth a sentence with 300 digits
NORMAL = 1.4826  # standard deviations in a median absolute deviation


@dataclass(frozen=True)
class _Hours:
    """A thermometer's means of the hours, oldest first: `at` counts from 1970."""

    at: Times
    values: Values


def off_neighbours(series: Series, neighbours: Sequence[Series]) -> list[Finding]:
    """Find stretches in which the thermometer differs from its neighbours otherwise than usual.

    Weather varies far more than thermometers differ that share it, so a small fault shows in days.
    Counted is the median of a day's hourly differences (an hour in the sun is no fault), less the
    one that is usual for this neighbour. More than half of the neighbours have to agree, and the
    least of what they agree on counts: one that is wrong itself blames nobody. Days are off where
    the mean of three is beyond six robust standard deviations of such means and 0.3 degC, or one
    of them beyond six of its own and 1 degC, if they are off by half of that mean themselves.
    Stretches that are at most three weeks apart are one. Readings of a sensor that sticks are left
    out: `stuck` has them.

    Parameters
    ----------
    series : Series
        Days are counted back from its last hour, so that the newest is a whole one.
    neighbours : sequence of Series
        Machines in the same weather, in any order. Twenty days in common are needed with each.

    Examples
    --------
    >>> hours = np.arange(24 * 60)
    >>> weather = 10 + 5 * np.sin(hours / 24)
    >>> def reads(values):
    ...     return Series(hours * HOUR_MS, {TEMPERATURE: values})
    >>> wrong, well = reads(weather + 1.5 * (hours >= 24 * 57)), reads(weather - 0.1)
    >>> (found,) = off_neighbours(wrong, [well, well])
    >>> found.message.partition(",")[0]
    'outdoor_temp_c is 1.6 °C above what 2 other machines at this site read (usually 0.1 °C above)'
    >>> off_neighbours(well, [wrong, reads(weather)])
    []
    """
    own = _by_hour(series)
    if not own.at.size:
        return []
    days, day_of = np.unique(_day(own.at, own), return_inverse=True)
    apart = [_by_day(own, day_of, _by_hour(neighbour)) for neighbour in neighbours]
    apart = [by_day for by_day in apart if np.isfinite(by_day).sum() >= USUAL_DAYS]
    if not apart:
        return []
    differences = np.array(apart)
    usual = np.mean(_middles(differences), axis=0)
    low, high = _middles(differences.T - usual)
    known = np.flatnonzero(np.isfinite(low))
    low, high = low[known], high[known]
    agreed = np.clip(0.0, low, high)
    off = _off(agreed, (low + high) / 2)
    day = _day(series.times // HOUR_MS, own)
    read = np.isfinite(series.channels[TEMPERATURE])
    found = []
    for stretch in stretches(off, join=JOIN_DAYS):
        here = stretch.first + np.flatnonzero(off[stretch.first : stretch.last + 1])
        times = series.times[read & np.isin(day, days[known[here]])]
        others = int(np.median(np.isfinite(differences[:, known[here]]).sum(axis=0)))
        found.append(_finding(times, agreed[here], float(np.median(usual)), others))
    return told(found, lambda number, count: f"{number} more such stretches, {count} readings.")


def _by_hour(series: Series) -> _Hours:
    values = series.channels.get(TEMPERATURE)
    if values is None:
        return _Hours(np.empty(0, dtype=np.int64), np.empty(0))
    read = np.abs(values) < ABSURD
    for run in stuck(series, TEMPERATURE):
        read &= (series.times < run.start) | (series.times > run.end)
    at, hour_of = np.unique(series.times[read] // HOUR_MS, return_inverse=True)
    return _Hours(at, np.bincount(hour_of, weights=values[read]) / np.bincount(hour_of))


def _day(at: Times, own: _Hours) -> Times:
    """Return the day of hours: -1 is that which ends with the last one."""
    day: Times = (at - own.at[-1] - 1) // 24
    return day


def _by_day(own: _Hours, day_of: NDArray[np.int64], other: _Hours) -> Values:
    """Return the median difference of each day; NaN where too few hours are common."""
    _, here, there = np.intersect1d(own.at, other.at, assume_unique=True, return_indices=True)
    hourly = np.full((int(day_of[-1]) + 1, 24), np.nan)
    hourly[day_of[here], own.at[here] % 24] = own.values[here] - other.values[there]
    middle = np.mean(_middles(hourly), axis=0)
    middle[np.isfinite(hourly).sum(axis=1) < DAY_HOURS] = np.nan
    return np.asarray(middle)


def _middles(values: Values) -> tuple[Values, Values]:
    """Return the two middle ones of each row, the same twice where the count is odd; not of NaN."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(values).sum(axis=1)
    row = np.arange(len(values))
    return ordered[row, np.maximum(count - 1, 0) // 2], ordered[row, count // 2]


def _off(agreed: Values, middle: Values) -> NDArray[np.bool_]:
    """Return which days are off: what is agreed on, by the spread of what is in the middle.

    An even number of neighbours that differ by chance agrees on nothing at all on most days, which
    would be no spread.
    """
    off = np.zeros(agreed.size, dtype=np.bool_)
    if agreed.size < USUAL_DAYS:
        return off
    for days, least in WINDOWS:
        mean = np.full(days, 1 / days)
        spread = NORMAL * float(np.median(np.abs(np.convolve(middle, mean, "valid"))))
        means = np.convolve(agreed, mean, "valid")
        far = np.abs(means) >= max(least, SPREADS * spread)
        for nth in range(days):
            shares = agreed[nth : nth + means.size] / np.where(far, means, np.inf)
            off[nth : nth + means.size] |= shares >= BY_ITSELF
    return off


def _finding(times: Times, agreed: Values, usual: float, others: int) -> Finding:
    start, end = int(times[0]), int(times[-1])
    mean, size = float(np.mean(agreed)), float(np.mean(np.abs(agreed)))
    whose = "one other machine at this site reads"
    advice = "check both thermometers, since either of two may be the wrong one"
    if others > 1:
        whose = f"{others} other machines at this site read"
        advice = "check the thermometer, or its conversion"
    how = f"{_beside(usual + mean)} what {whose}"
    if abs(mean) < size / 2:
        how = f"{size:.1f} °C above and below what {whose} by turns"
    usually = _beside(usual) if abs(usual) >= SAME else "the same"
    return Finding(
        "off_neighbours",
        TEMPERATURE,
        start,
        end,
        int(times.size),
        "critical" if size >= CRITICAL else "warning",
        f"{TEMPERATURE} is {how} (usually {usually}), for {long(end + HOUR_MS - start)}: {advice}.",
    )


def _beside(difference: float) -> str:
    return f"{abs(difference):.1f} °C {'below' if difference < 0 else 'above'}"
