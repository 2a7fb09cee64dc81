"""Reading a machine's readings."""

import json
from collections.abc import Sequence

import numpy as np
from django.db import connection

from modelwright.catalog.models import Machine
from modelwright.engine.machines.series import KNOWN_CHANNELS, Series, Values


def series_of(machine: Machine, *, start: int | None = None, end: int | None = None) -> Series:
    """Return the readings of a machine as columns, oldest first.

    Parameters
    ----------
    machine : Machine
    start, end : int, optional
        Milliseconds since 1970-01-01 UTC, `start` included and `end` excluded; default: all.

    Returns
    -------
    Series
        With every channel that has a value in it.
    """
    query = machine.readings.all()
    if start is not None:
        query = query.filter(at__gte=start)
    if end is not None:
        query = query.filter(at__lt=end)
    sql, parameters = (
        query.order_by("at").values_list("at", *KNOWN_CHANNELS, "extra").query.sql_with_params()
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    times = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    channels = {}
    for i, name in enumerate(KNOWN_CHANNELS, start=1):
        values = np.array([row[i] for row in rows], dtype=np.float64)
        if not np.isnan(values).all():
            channels[name] = values
    channels.update(extras_of([row[-1] for row in rows]))
    return Series(times, channels, machine.timezone)


def extras_of(cells: Sequence[str | None]) -> dict[str, Values]:
    """Return the channels that `extra` cells hold, as columns; NaN where a cell lacks one."""
    if not any(cells):
        return {}
    # One call for all of them, instead of one for each.
    rows = json.loads(f"[{','.join(cell or '{}' for cell in cells)}]")
    names = sorted(set().union(*rows))
    return {name: np.array([row.get(name) for row in rows], dtype=np.float64) for name in names}
