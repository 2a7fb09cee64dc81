"""Readings as rows of an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modelwright.engine.machines.downsample import Downsampled
from modelwright.engine.machines.series import Series, Times, Values

SECOND_MS = 1000


def readings_as_rows(
    readings: Series | Downsampled, channels: Sequence[str]
) -> list[dict[str, Any]]:
    """Return a row for each reading, or for each stretch of readings drawn together.

    Null stands where nothing was read. Drawn together, energy and counts are summed, of others the
    mean is given; of each the least and the largest.
    """
    if isinstance(readings, Series):
        columns = {name: readings.channels.get(name) for name in channels}
        return _rows({"timestamp": timestamps(readings.times), **_cells(columns, len(readings))})
    there = readings.counts > 0
    shown: dict[str, Values | None] = {}
    for name in channels:
        keys = (name, f"{name}_min", f"{name}_max")
        channel = readings.channels.get(name)
        if channel is None:
            shown |= dict.fromkeys(keys)
            continue
        value = channel.mean if channel.total is None else channel.total
        for key, values in zip(keys, (value, channel.low, channel.high), strict=True):
            shown[key] = values[there]
    counts = readings.counts[there]
    return _rows(
        {
            "timestamp": timestamps(readings.times[there]),
            "readings": counts.tolist(),
            **_cells(shown, counts.size),
        }
    )


def timestamps(times: Times) -> list[str]:
    """Return times as text, ISO 8601 in UTC; with milliseconds only where there are any."""
    if not times.size:
        return []
    moments = times.astype("datetime64[ms]")
    fine = bool((times % SECOND_MS).any())
    texts = np.datetime_as_string(moments, unit="ms" if fine else "s")
    return [f"{text}Z" for text in texts.tolist()]


def _cells(columns: Mapping[str, Values | None], count: int) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, values in columns.items():
        if values is None:
            found[name] = [None] * count
            continue
        cells = values.astype(object)
        cells[~np.isfinite(values)] = None
        found[name] = cells.tolist()
    return found


def _rows(columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
