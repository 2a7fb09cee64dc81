"""Reading and writing the rows of one machine's readings at given moments, fast.

Past Django's objects: a batch may have hundreds of thousands of rows.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.db import connection

from modelwright.engine.machines.series import KNOWN_CHANNELS, Times, Values

CHUNK_ROWS = 50_000
COLUMNS = ("machine_number", "at", *KNOWN_CHANNELS, "extra")

_FLOATS = ", ".join(["%s::float8[]"] * len(KNOWN_CHANNELS))
_AT_THESE = {
    "sqlite": "at IN (SELECT value FROM json_each(%s))",
    "postgresql": "at = ANY(%s)",
}
_VALUES = {
    "sqlite": f"VALUES ({', '.join(['%s'] * len(COLUMNS))})",
    "postgresql": (
        f"SELECT %s, * FROM unnest(%s::bigint[], {_FLOATS}, %s::jsonb[])"  # noqa: S608
    ),
}


def readings_at(number: int, times: Times) -> tuple[Times, list[Any]]:
    """Return which of `times` (rising) have a reading, by index, and the known rows' cells.

    Returns
    -------
    indexes : ndarray of int64, shape (k,)
    rows : list of k tuples
        The known channels in their order, then `extra`.
    """
    sql = (
        f"SELECT at, {', '.join((*KNOWN_CHANNELS, 'extra'))} FROM readings"  # noqa: S608  (constants)
        f" WHERE machine_number = %s AND {_AT_THESE[connection.vendor]} ORDER BY at"
    )
    rows: list[Any] = []
    with connection.cursor() as cursor:
        for first in range(0, times.size, CHUNK_ROWS):
            some = times[first : first + CHUNK_ROWS].tolist()
            these = json.dumps(some) if connection.vendor == "sqlite" else some
            cursor.execute(sql, [number, these])
            rows += cursor.fetchall()
    found = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    return np.searchsorted(times, found), [row[1:] for row in rows]


def readings_write(number: int, times: Times, channels: Mapping[str, Values]) -> None:
    """Write whole rows, over those that are there.

    Parameters
    ----------
    number : int
        The machine's.
    times : ndarray of int64, shape (n,)
    channels : mapping
        Name -> ndarray of float64, shape (n,); NaN is stored as nothing.
    """
    known = ", ".join(f"{name} = excluded.{name}" for name in (*KNOWN_CHANNELS, "extra"))
    sql = (
        f"INSERT INTO readings ({', '.join(COLUMNS)}) {_VALUES[connection.vendor]}"
        f" ON CONFLICT (machine_number, at) DO UPDATE SET {known}"
    )
    with connection.cursor() as cursor:
        for first in range(0, times.size, CHUNK_ROWS):
            part = slice(first, first + CHUNK_ROWS)
            columns = _columns(times[part], {name: v[part] for name, v in channels.items()})
            if connection.vendor == "sqlite":
                numbers = [number] * len(columns[0])
                cursor.executemany(sql, list(zip(numbers, *columns, strict=True)))
            else:
                cursor.execute(sql, [number, *columns])


def _columns(times: Times, channels: Mapping[str, Values]) -> list[list[Any]]:
    nothing: list[Any] = [None] * times.size
    known = [_cells(channels[name]) if name in channels else nothing for name in KNOWN_CHANNELS]
    others = {
        name: _cells(values) for name, values in channels.items() if name not in KNOWN_CHANNELS
    }
    return [times.tolist(), *known, _extras(others) if others else nothing]


def _cells(values: Values) -> list[Any]:
    absent = np.isnan(values)
    cells: Any = values
    if absent.any():
        cells = values.astype(object)
        cells[absent] = None
    found: list[Any] = cells.tolist()
    return found


def _extras(columns: Mapping[str, list[Any]]) -> list[str | None]:
    """Return the JSON of each row; put together here, as an encoder for each would take longer."""
    names = [json.dumps(name) for name in columns]
    return [
        f"{{{', '.join(known)}}}" if known else None
        for known in (
            [f"{name}: {cell!r}" for name, cell in zip(names, row, strict=True) if cell is not None]
            for row in zip(*columns.values(), strict=True)
        )
    ]
