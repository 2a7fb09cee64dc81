"""Readings as charts need them: many drawn together, by the database where they are very many."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Count, Max, Min

from modelwright.catalog.models import Machine
from modelwright.catalog.period import Period
from modelwright.catalog.readings import readings_between, series_of
from modelwright.engine.machines.downsample import (
    POINTS,
    Downsampled,
    Stretches,
    downsample,
    is_summed,
    stretches_of,
)
from modelwright.engine.machines.series import KNOWN_CHANNELS, Series, Times, Values

AS_ARRAYS = 20_000  # readings; more are drawn together by the database

_LIST = {"sqlite": "json_array", "postgresql": "json_build_array"}
_EXTRA = {"sqlite": "json_extract(extra, %s)", "postgresql": "(extra ->> %s)::float8"}
_RANGES = {
    "sqlite": (
        *(f"json_extract(r.value, '$[{i}]')" for i in range(3)),
        "json_each(%s) r ORDER BY r.key",
    ),
    "postgresql": (
        *(f"(r.value ->> {i})::bigint" for i in range(3)),
        "json_array_elements(%s::json) WITH ORDINALITY r(value, n) ORDER BY r.n",
    ),
}
"""Machine's number, begin and end of each of some ranges of readings, and the table of them."""


@dataclass(frozen=True)
class Extent:
    """How many readings there are in a period, and the first and last moment of them.

    Both are None where there are none.
    """

    count: int
    first: int | None
    last: int | None


def extent_of(machine: Machine, *, start: int | None = None, end: int | None = None) -> Extent:
    """Return what there is from `start` (included) to `end` (excluded), in milliseconds."""
    found = readings_between(machine, start=start, end=end).aggregate(
        count=Count("at"), first=Min("at"), last=Max("at")
    )
    return Extent(**found)


def readings_drawn(
    machine: Machine,
    *,
    channels: Sequence[str],
    start: int | None = None,
    end: int | None = None,
    resolution: str = "auto",
    points: int = POINTS,
) -> Downsampled:
    """Return the readings of a period with fewer points, as `engine.machines.downsample` does.

    Parameters
    ----------
    machine : Machine
    channels : sequence of str
    start, end : int, optional
        Milliseconds UTC, `end` excluded; default: all there is.
    resolution : str
        ``raw``, ``hour``, ``day`` or ``auto``.
    points : int
        For ``auto``: the most.

    Raises
    ------
    HyperparameterError
        There is no such resolution, or `points` is below 2.
    """
    extent = extent_of(machine, start=start, end=end)
    return _drawn(machine, Period(start, end), extent, channels, resolution, points)


def _drawn(
    machine: Machine,
    period: Period,
    extent: Extent,
    channels: Sequence[str],
    resolution: str,
    points: int,
) -> Downsampled:
    few = extent.count <= (points if resolution == "auto" else 0)
    if resolution == "raw" or few or extent.count <= AS_ARRAYS:
        series = series_of(machine, start=period.start, end=period.end, channels=channels)
        return downsample(series, resolution, points=points)
    first, last = int(extent.first or 0), int(extent.last or 0)
    begins, width = stretches_of(first, last, machine.timezone, resolution, points=points)
    ends = np.append(begins[1:], last + 1)
    rows = _drawn_together(machine, np.maximum(begins, first), ends, channels)
    return _as_downsampled(begins, width, rows, channels, (last - first) / extent.count)


def _drawn_together(
    machine: Machine, begins: Times, ends: Times, channels: Sequence[str]
) -> list[list[Any]]:
    """Return for each stretch the number of readings, then of each channel mean, ends, sum.

    Channels that don't add up have their mean for a sum: the database has it at hand.

    Each stretch is a range of the key, which is read once and in order: grouping by a computed time
    instead would sort all of them.
    """
    vendor = connection.vendor
    terms = ["count(*)"]
    parameters: list[Any] = []
    for name in channels:
        column, named = _column(name, vendor)
        last = "sum" if is_summed(name) else "avg"
        terms += [f"{function}({column})" for function in ("avg", "min", "max", last)]
        parameters += named * 4
    numbers = np.full_like(begins, machine.number)
    ranges = np.column_stack([numbers, begins, ends]).tolist()
    found = _over_ranges(f"{_LIST[vendor]}({', '.join(terms)})", parameters, ranges)
    return [json.loads(cell) if isinstance(cell, str) else cell for cell in found]


def _over_ranges(
    term: str, parameters: Sequence[Any], ranges: Sequence[Sequence[int]]
) -> list[Any]:
    """Return what a term makes of the readings of each range: machine's number, begin and end."""
    number, low, high, rows = _RANGES[connection.vendor]
    sql = (
        f"SELECT (SELECT {term} FROM readings"  # noqa: S608  (names of ours, values apart)
        f" WHERE machine_number = {number} AND at >= {low} AND at < {high}) FROM {rows}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, json.dumps(ranges)])
        return [cell for (cell,) in cursor.fetchall()]


def _as_downsampled(
    begins: Times, width: int, rows: list[list[Any]], channels: Sequence[str], usual_step: float
) -> Downsampled:
    table = np.array(rows, dtype=np.float64)
    counts = table[:, 0].astype(np.int64)
    empty = counts == 0
    # The first of each run of empty stretches stays: there the line breaks. Slow machines aren't
    # all gap.
    kept = ~empty
    if width > 1.5 * usual_step:
        kept |= empty & ~np.append(False, empty[:-1])
    drawn = {}
    for i, name in enumerate(channels):
        mean, low, high, total = table[kept, 1 + 4 * i : 5 + 4 * i].T
        if not np.isnan(mean).all():
            drawn[name] = Stretches(mean, low, high, total if is_summed(name) else None)
    return Downsampled(begins[kept], drawn, counts[kept], width)


def readings_strips(
    wanted: Sequence[tuple[Machine, int]], channel: str, *, width_ms: int, count: int
) -> Values:
    """Return the means of a channel of some machines, for small drawings, in one query.

    Parameters
    ----------
    wanted : sequence of tuple of Machine and int
        Each with the moment at which its stretches end, in milliseconds UTC.
    channel : str
    width_ms, count : int
        Length and number of the stretches.

    Returns
    -------
    array of shape (n_wanted, count)
        NaN where nothing was read.
    """
    before = width_ms * np.arange(count, 0, -1, dtype=np.int64)
    ranges = [
        (machine.number, begin, begin + width_ms)
        for machine, end in wanted
        for begin in (end - before).tolist()
    ]
    column, parameters = _column(channel, connection.vendor)
    found = _over_ranges(f"avg({column})", parameters, ranges)
    return np.array(found, dtype=np.float64).reshape(len(wanted), count)


def _column(channel: str, vendor: str) -> tuple[str, list[str]]:
    """Return the expression for a channel, and its parameters."""
    if channel in KNOWN_CHANNELS:
        return channel, []
    return _EXTRA[vendor], [f'$."{channel}"' if vendor == "sqlite" else channel]


@dataclass(frozen=True)
class Page:
    """Some rows of a period.

    Parameters
    ----------
    rows : Series or Downsampled
    next_start : int, optional
        From when to ask for the next ones; None: these are the last.
    count : int
        Readings in the whole period.
    """

    rows: Series | Downsampled
    next_start: int | None
    count: int


def readings_page(
    machine: Machine,
    *,
    channels: Sequence[str],
    limit: int,
    start: int | None = None,
    end: int | None = None,
    resolution: str = "raw",
) -> Page:
    """Return the first `limit` rows of a period.

    Where the next page begins is told by time, not by number, so that readings that arrive
    meanwhile move nothing. Of ``auto`` there is one page, of at most `limit` points.

    Raises
    ------
    HyperparameterError
        There is no such resolution, or `limit` is below 2 for ``auto``.
    """
    whole = extent_of(machine, start=start, end=end)
    extent = whole
    if resolution == "raw":
        series = series_of(machine, start=start, end=end, channels=channels, limit=limit + 1)
        if len(series) <= limit:
            return Page(series, None, whole.count)
        following = int(series.times[limit])
        first = series.between(int(series.times[0]), following)
        return Page(first, following, whole.count)
    following_start = None
    if resolution != "auto" and extent.first is not None and extent.last is not None:
        begins, _ = stretches_of(extent.first, extent.last, machine.timezone, resolution)
        if begins.size > limit:
            after = extent_of(machine, start=int(begins[limit]), end=end)
            end, following_start = int(begins[limit]), after.first
            extent = extent_of(machine, start=start, end=end)
    drawn = _drawn(machine, Period(start, end), extent, channels, resolution, limit)
    return Page(drawn, following_start, whole.count)
