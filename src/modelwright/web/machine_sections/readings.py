"""What was read: one channel over time, with what a model found out of the ordinary in it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.http import HttpRequest

from modelwright.catalog.readings_draw import readings_drawn
from modelwright.core.clock import moment_of
from modelwright.engine.machines.cadence import step_of
from modelwright.engine.machines.downsample import Downsampled, Stretches
from modelwright.engine.machines.series import KNOWN_CHANNELS
from modelwright.monitoring.anomalies import anomalies_of
from modelwright.monitoring.models import MachineAnomaly
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections.base import Section
from modelwright.web.machine_sections.times import cells, clock_time, clock_times
from modelwright.web.units import unit_of, width_said

SHOWN_ROWS = 50
MOST_MARKS = 200
TONES = {"critical": "bad", "warning": "warn", "info": "idle"}


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
    marked = list(
        anomalies_of(
            machine,
            None if period.start is None else moment_of(period.start),
            None if period.end is None else moment_of(period.end),
        ).filter(is_false_alarm=False)[:MOST_MARKS]
    )
    figure = figure_of(channel, drawn, stretches, machine.timezone)
    figure["layout"]["shapes"] = marks_of(marked, drawn, machine.timezone)
    return {
        **found,
        "marked": len(marked),
        "width": width_said(drawn.width_ms) if drawn.width_ms else "",
        "summed": stretches.total is not None,
        "count": int(drawn.counts.sum()),
        "figure": figure,
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


def marks_of(
    marked: Sequence[MachineAnomaly], drawn: Downsampled, timezone: str
) -> list[dict[str, Any]]:
    """Return the anomalies as upright bands, at least as wide as what is drawn together."""
    width = dt.timedelta(milliseconds=max(drawn.width_ms, step_of(drawn.times)))
    return [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": clock_time(one.start_at, timezone),
            "x1": clock_time(max(one.end_at, one.start_at + width), timezone),
            "y0": 0,
            "y1": 1,
            "tone": TONES[one.severity],
        }
        for one in marked
    ]


def _layout(unit: str) -> dict[str, Any]:
    return {
        "showlegend": False,
        "hovermode": "x",
        "xaxis": {"type": "date"},
        "yaxis": {"title": {"text": unit}, "rangemode": "tozero"},
    }


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
