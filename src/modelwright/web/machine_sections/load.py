"""How high the load is and for how long: the load-duration curve, and hours by days."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.http import HttpRequest

from modelwright.catalog.readings import series_of
from modelwright.core.clock import ms_of
from modelwright.engine.machines.cadence import durations
from modelwright.engine.machines.local_time import DAY_MS, local
from modelwright.engine.machines.series import ENERGY, HOUR_MS, POWER, Series, Values
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections.base import Section
from modelwright.web.machine_sections.lack import NOTHING_READ, Lack, explained
from modelwright.web.machine_sections.times import cells, ends_of

HOURS = 24
MOST_DAYS = 366
POINTS = 200
SHARES = (0, 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 100)
SHOWN_DAYS = 31


def context(_request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return the curve and the map, and the rows of both."""
    start, end = (ms_of(moment) for moment in ends_of(shown))
    start = max(start, end - MOST_DAYS * DAY_MS)
    series = series_of(shown.machine, start=start, end=end, channels=[POWER, ENERGY])
    if not len(series):
        text = f"It takes {POWER} or {ENERGY}: send one with the readings."
        return {"lack": Lack("No load to show", text, everything=True)}
    hours = durations(series.times)
    load = series.channels[POWER] if POWER in series.channels else series.channels[ENERGY] / hours
    known = np.isfinite(load)
    if not known.any():
        return {"lack": NOTHING_READ}
    days, table = _table(series, load, hours)
    return {
        "hours": float(hours[known].sum()),
        "curve": _curve(load[known], hours[known]),
        "levels": list(
            zip(
                SHARES, at_shares(load[known], hours[known], np.array(SHARES)).tolist(), strict=True
            )
        ),
        "map": _map(days, table),
        "hour_names": [f"{hour:02d}" for hour in range(HOURS)],
        "rows": [
            (days[i], [None if np.isnan(cell) else cell for cell in table[:, i].tolist()])
            for i in range(len(days) - 1, max(-1, len(days) - 1 - SHOWN_DAYS), -1)
        ],
    }


def at_shares(load: Values, hours: Values, shares: Any) -> Values:
    """Return the load that is reached or exceeded in these shares of the time, in per cent.

    Examples
    --------
    >>> at_shares(np.array([1.0, 4.0]), np.array([3.0, 1.0]), np.array([0, 25, 50]))
    array([4., 4., 1.])
    """
    order = np.argsort(-load, kind="stable")
    reached = 100 * np.cumsum(hours[order]) / hours.sum()
    at = np.searchsorted(reached, np.minimum(shares, reached[-1]))
    found: Values = load[order][at]
    return found


def _curve(load: Values, hours: Values) -> dict[str, Any]:
    shares = np.linspace(0, 100, POINTS + 1)
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "load",
                "x": shares.tolist(),
                "y": cells(at_shares(load, hours, shares)),
            }
        ],
        "layout": {
            "showlegend": False,
            "hovermode": "x",
            "xaxis": {"title": {"text": "% of the time"}},
            "yaxis": {"title": {"text": "kW or more"}, "rangemode": "tozero"},
        },
    }


def _table(series: Series, load: Values, hours: Values) -> tuple[list[str], Values]:
    """Return the days, and the mean load of their hours: shape (24, n_days), NaN where unknown."""
    shown = local(series.times, series.timezone)
    day, hour = shown // DAY_MS, shown // HOUR_MS % HOURS
    first = int(day[0])
    count = int(day[-1]) - first + 1
    cell = hour * count + (day - first)
    known = np.isfinite(load)
    size = HOURS * count
    weight = np.bincount(cell[known], hours[known], minlength=size)
    total = np.bincount(cell[known], (load * hours)[known], minlength=size)
    mean = np.divide(total, weight, out=np.full(size, np.nan), where=weight > 0)
    days: list[str] = np.datetime_as_string(
        (first + np.arange(count)).astype("datetime64[D]")
    ).tolist()
    return days, mean.reshape(HOURS, count)


def _map(days: list[str], table: Values) -> dict[str, Any]:
    return {
        "data": [
            {
                "type": "heatmap",
                "x": days,
                "y": [f"{hour:02d}" for hour in range(HOURS)],
                "z": [cells(row) for row in table],
                "scale": "sequential",
                "hovertemplate": "%{x} %{y}:00: %{z} kW<extra></extra>",
                "colorbar": {"title": {"text": "kW"}},
            }
        ],
        "layout": {
            "xaxis": {"type": "date"},
            "yaxis": {"type": "category", "autorange": "reversed", "title": {"text": "hour"}},
        },
    }


SECTION = Section("load", "Load", "machine/_load.html", explained("baseline", context), figure=True)
