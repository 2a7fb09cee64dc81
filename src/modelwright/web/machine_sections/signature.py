"""The energy signature: power over outdoor temperature and over production."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.http import HttpRequest

from modelwright.catalog.readings import series_of
from modelwright.core.clock import moment_of, ms_of
from modelwright.engine.machines.cadence import durations
from modelwright.engine.machines.gathering import Bins
from modelwright.engine.machines.local_time import DAY_MS, local
from modelwright.engine.machines.series import (
    ENERGY,
    HOUR_MS,
    POWER,
    PRODUCTION,
    TEMPERATURE,
    Series,
    Times,
    Values,
    is_total,
)
from modelwright.monitoring.errors import ModelNotFoundError, NoMetricsError
from modelwright.monitoring.outlook import NOTHING, compare
from modelwright.monitoring.versions import version_for
from modelwright.registry.selectors import machine_model_of
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections.base import Section
from modelwright.web.machine_sections.lack import Lack, explained
from modelwright.web.machine_sections.times import cells, ends_of
from modelwright.web.units import unit_of

DAYS_FROM = 21
"""So many days are shown by the day; fewer by the hour."""
BEFORE_MS = 2 * DAY_MS  # what the baseline looks back on, and more
SHOWN_ROWS = 62
HALF = 0.5
DRIVERS = {TEMPERATURE: "Power over outdoor temperature", PRODUCTION: "Power over production"}


@dataclass(frozen=True)
class Points:
    """Days (or hours): mean power, what was expected of it, and the drivers.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Their first readings.
    actual, expected : ndarray of float64, shape (n,)
        kW; the latter NaN without a baseline.
    drivers : mapping
        Name -> ndarray of float64, shape (n,): means, of production the sum.
    """

    times: Times
    actual: Values
    expected: Values
    drivers: Mapping[str, Values]


def context(_request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return a figure for each driver, and the rows of their table."""
    machine = shown.machine
    start, end = (ms_of(moment) for moment in ends_of(shown))
    series = series_of(machine, start=start - BEFORE_MS, end=end)
    target = next((name for name in (ENERGY, POWER) if name in series.channels), "")
    drivers = [name for name in DRIVERS if name in series.channels]
    if not len(series) or series.times[-1] < start:
        raise NoMetricsError(NOTHING)
    if not target or not drivers:
        text = (
            f"It takes {ENERGY} or {POWER}, and {TEMPERATURE} or {PRODUCTION}: send them with the"
            " readings."
        )
        return {"lack": Lack("No signature without what energy depends on", text)}
    by_day = end - start >= DAYS_FROM * DAY_MS
    width = DAY_MS if by_day else HOUR_MS
    expected = _expected(shown, series, start, target)
    points = _points(series, start, target, expected, drivers, width)
    figures = [
        (f"signature-{number}", DRIVERS[name], _figure(points, name, by_day))
        for number, name in enumerate(drivers)
    ]
    return {
        "figures": figures,
        "drivers": drivers,
        "each": "day" if by_day else "hour",
        "has_baseline": bool(np.isfinite(points.expected).any()),
        "rows": _rows(points, drivers),
    }


def _expected(shown: Range, series: Series, start: int, target: str) -> Values:
    """Return what the baseline expected of each reading, NaN where there is none of the target."""
    unknown = np.full(len(series), np.nan)
    try:
        version = version_for(shown.machine, "baseline")
    except ModelNotFoundError:
        return unknown
    compared = compare(machine_model_of(version), version, series, start)
    if compared.target != target:
        return unknown
    unknown[len(series) - compared.actual.size :] = compared.expected.mean
    return unknown


def _points(
    series: Series,
    start: int,
    target: str,
    expected: Values,
    drivers: list[str],
    width: int,
) -> Points:
    """Gather the readings from `start` on; stretches half of which wasn't read are left out."""
    low = int(np.searchsorted(series.times, start))
    times, hours = series.times[low:], durations(series.times)[low:]
    bins = Bins.of(local(times, series.timezone) // width)
    factor = 1 / hours if is_total(target) else np.ones(hours.size)
    least = HALF * width / HOUR_MS
    actual = bins.mean(series.channels[target][low:] * factor, hours, least)
    known = np.isfinite(actual)
    found = {}
    for name in drivers:
        values = series.channels[name][low:]
        mean = bins.mean(values / hours if is_total(name) else values, hours, least)
        found[name] = (mean * (width / HOUR_MS) if is_total(name) else mean)[known]
    return Points(
        times[bins.starts][known],
        actual[known],
        bins.mean(expected[low:] * factor, hours, least)[known],
        found,
    )


def _figure(points: Points, driver: str, by_day: bool) -> dict[str, Any]:
    place = cells(points.drivers[driver])
    dots = {"type": "scatter", "mode": "markers", "x": place}
    unit = unit_of(driver) or f"pieces a{' day' if by_day else 'n hour'}"
    data: list[dict[str, Any]] = [
        {**dots, "y": cells(points.actual), "name": "actual", "series": 0, "marker": {"size": 6}}
    ]
    if np.isfinite(points.expected).any():
        small = {"size": 5, "symbol": "diamond-open"}
        data.append(
            {**dots, "y": cells(points.expected), "name": "expected", "series": 1, "marker": small}
        )
    return {
        "data": data,
        "layout": {
            "xaxis": {"title": {"text": unit}},
            "yaxis": {"title": {"text": "kW"}, "rangemode": "tozero"},
        },
    }


def _rows(points: Points, drivers: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "at": moment_of(int(points.times[i])),
            "actual": float(points.actual[i]),
            "expected": float(points.expected[i]),
            "drivers": [float(points.drivers[name][i]) for name in drivers],
        }
        for i in range(points.times.size - 1, max(-1, points.times.size - 1 - SHOWN_ROWS), -1)
    ]


SECTION = Section(
    "signature",
    "Energy signature",
    "machine/_signature.html",
    explained("baseline", context),
    figure=True,
)
