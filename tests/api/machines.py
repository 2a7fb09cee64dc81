"""What the tests of contract B's machines share."""

import json
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
