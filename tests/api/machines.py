"""What the tests of contract B's machines share."""

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from tests.people import rest

MACHINES = "/api/v1/machines/"
NDJSON = "application/x-ndjson"


def a_machine(name: str = "Press 4", who: str = "trainer", **fields: Any) -> str:
    """Make a machine over REST and return its address."""
    answer = rest(who).post(MACHINES, {"name": name, **fields})
    assert answer.status_code == 201, answer.content
    return f"{MACHINES}{answer.json()['id']}/"


def lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return rows as JSON lines."""
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def send(
    machine: str, body: bytes, kind: str = NDJSON, *, who: str = "trainer", query: str = ""
) -> Any:
    """Send readings and return the answer."""
    return rest(who).generic("POST", f"{machine}readings{query}", body, content_type=kind)


def hourly(hours: int, *, start: str = "2026-01-01T00:00:00+00:00") -> list[dict[str, Any]]:
    """Return so many hours of a machine that follows the weather, the day and the week."""
    begin = dt.datetime.fromisoformat(start)
    rows = []
    for hour in range(hours):
        cold = 8 - 10 * math.cos(2 * math.pi * hour / 24 / 30)
        shift = hour % 24 in range(6, 22) and hour // 24 % 7 < 5
        rows.append(
            {
                "timestamp": (begin + dt.timedelta(hours=hour)).isoformat(),
                "energy_kwh": 20 + 30 * shift + max(15 - cold, 0) + math.sin(hour * 1.7),
                "outdoor_temp_c": cold,
                "production_count": 100.0 * shift,
            }
        )
    return rows


def a_machine_with_readings(name: str = "Press 4", hours: int = 24 * 28) -> str:
    """Make a machine with readings of that many hours and return its id."""
    machine = a_machine(name)
    if hours:
        answer = send(machine, lines(hourly(hours)))
        assert answer.status_code == 201, answer.content
    return machine.rstrip("/").rpartition("/")[2]
