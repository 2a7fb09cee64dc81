"""Reading a machine's readings."""

import json
from collections.abc import Collection, Sequence

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from modelwright.catalog.models import Machine, Reading
from modelwright.engine.machines.series import KNOWN_CHANNELS, Series, Values


def series_of(
    machine: Machine,
    *,
    start: int | None = None,
    end: int | None = None,
    channels: Collection[str] | None = None,
    limit: int | None = None,
) -> Series:
    """Return the readings of a machine as columns, oldest first.

    Parameters
    ----------
    machine : Machine
    start, end : int, optional
        Milliseconds since 1970-01-01 UTC, `start` included and `end` excluded; default: all.
    channels : collection of str, optional
        Those that are wanted; default: all.
    limit : int, optional
        How many readings at most.

    Returns
    -------
    Series
        With every channel that has a value in it.
    """
    query = readings_between(machine, start=start, end=end)
    known = [name for name in KNOWN_CHANNELS if channels is None or name in channels]
    with_extra = channels is None or not set(KNOWN_CHANNELS).issuperset(channels)
    columns = ["at", *known, *(["extra"] if with_extra else [])]
    sql, parameters = query.order_by("at").values_list(*columns)[:limit].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    times = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    found = {
        name: np.array([row[i] for row in rows], dtype=np.float64)
        for i, name in enumerate(known, start=1)
    }
    if with_extra:
        found.update(extras_of([row[-1] for row in rows]))
    kept = {
        name: values
        for name, values in found.items()
        if (channels is None or name in channels) and not np.isnan(values).all()
    }
    return Series(times, kept, machine.timezone)


def readings_between(
    machine: Machine, *, start: int | None = None, end: int | None = None
) -> QuerySet[Reading]:
    """Return the readings from `start` (included) to `end` (excluded), in milliseconds."""
    query = machine.readings.all()
    if start is not None:
        query = query.filter(at__gte=start)
    if end is not None:
        query = query.filter(at__lt=end)
    return query


def extras_of(cells: Sequence[str | None]) -> dict[str, Values]:
    """Return the channels that `extra` cells hold, as columns; NaN where a cell lacks one."""
    if not any(cells):
        return {}
    # One call for all of them, instead of one for each.
    rows = json.loads(f"[{','.join(cell or '{}' for cell in cells)}]")
    names = sorted(set().union(*rows))
    return {name: np.array([row.get(name) for row in rows], dtype=np.float64) for name in names}
