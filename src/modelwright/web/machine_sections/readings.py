"""What was read: one channel over time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.http import HttpRequest

from modelwright.catalog.readings_draw import readings_drawn
from modelwright.core.clock import moment_of
from modelwright.engine.machines.downsample import Downsampled, Stretches
from modelwright.engine.machines.local_time import local
from modelwright.engine.machines.series import KNOWN_CHANNELS, Times, Values
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections.base import Section
from modelwright.web.units import unit_of, width_said

SHOWN_ROWS = 50


def channel_of(asked: str, channels: list[str]) -> str:
    """Return the channel to show: that which is asked for, else power, else the first there is."""
    if asked in channels:
        return asked
    return next((name for name in KNOWN_CHANNELS if name in channels), next(iter(channels), ""))


def context(request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return the chart and the rows of its table."""
    machine = shown.machine
    channel = channel_of(request.GET.get("channel", ""), machine.channels)
    found: dict[str, Any] = {"channel": channel, "unit": unit_of(channel)}
    if not channel:
        return found
    period = shown.period
    drawn = readings_drawn(machine, channels=[channel], start=period.start, end=period.end)
    stretches = drawn.channels.get(channel)
    if stretches is None:
        return found
    return {
        **found,
        "width": width_said(drawn.width_ms) if drawn.width_ms else "",
        "summed": stretches.total is not None,
        "count": int(drawn.counts.sum()),
        "figure": figure_of(channel, drawn, stretches, machine.timezone),
        "rows": _rows(drawn, stretches),
    }


def figure_of(
    channel: str, drawn: Downsampled, stretches: Stretches, timezone: str
) -> dict[str, Any]:
    """Return what charts.js draws: the mean in the band of extremes, or bars of sums."""
    times = clock_times(drawn.times, timezone)
    unit = unit_of(channel)
    if stretches.total is not None and drawn.width_ms:
        each = f"{unit} in {width_said(drawn.width_ms)}".strip()
        data: list[dict[str, Any]] = [
            {"type": "bar", "x": times, "y": cells(stretches.total), "name": channel}
        ]
        return {"data": data, "layout": _layout(each)}
    line = {"type": "scatter", "mode": "lines", "x": times}
    data = []
    if drawn.width_ms:
        edge = {**line, "series": 0, "band": True}
        data = [
            {**edge, "y": cells(stretches.low), "name": "least"},
            {**edge, "y": cells(stretches.high), "name": "largest", "fill": "tonexty"},
        ]
    data.append({**line, "series": 0, "y": cells(stretches.mean), "name": channel})
    return {"data": data, "layout": _layout(unit)}


def _layout(unit: str) -> dict[str, Any]:
    return {
        "showlegend": False,
        "hovermode": "x",
        "xaxis": {"type": "date"},
        "yaxis": {"title": {"text": unit}, "rangemode": "tozero"},
    }


def clock_times(times: Times, timezone: str) -> list[str]:
    """Return times as the machine's clock shows them, for charts."""
    shown = local(times, timezone).astype("datetime64[ms]")
    found: list[str] = np.datetime_as_string(shown, unit="s").tolist()
    return found


def cells(values: Values) -> list[float | None]:
    """Return numbers as JSON can hold them, with five digits that matter."""
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in values.tolist()]


def _rows(drawn: Downsampled, stretches: Stretches) -> list[dict[str, Any]]:
    """Return the last stretches, newest first."""
    value = stretches.mean if stretches.total is None else stretches.total
    there = np.flatnonzero((drawn.counts > 0) & np.isfinite(value))[::-1][:SHOWN_ROWS]
    return [
        {
            "at": moment_of(int(drawn.times[i])),
            "value": float(value[i]),
            "low": float(stretches.low[i]),
            "high": float(stretches.high[i]),
            "readings": int(drawn.counts[i]),
        }
        for i in there.tolist()
    ]


SECTION = Section("readings", "Readings", "machine/_readings.html", context, figure=True)
