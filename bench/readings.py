"""Readings: a million of them in over REST, a year of a machine drawn.

``python -m bench.readings``. The peer of the ingest reads the same JSON lines and writes them to a
table with the same key by ``sqlite3``'s ``executemany``, batch by batch, with nothing of ours: no
checks, no merging with what is stored, no record of what came. Both are measured in turns.
"""

import json
import sqlite3
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from tests.stack import Stack

ROWS, BATCH = 1_000_000, 50_000
DRAWS = 5
ROWS_A_SECOND_GOAL, DRAW_GOAL_SECONDS = 20_000, 0.5
YEAR_MINUTES = 365 * 24 * 60
CHANNELS = ("power_kw", "energy_kwh", "production_count", "outdoor_temp_c")
START = np.datetime64("2025-01-01T00:00:00")
MACHINES = "/api/v1/machines/"


def batches() -> list[bytes]:
    """Return a reading a minute of four channels, as JSON lines."""
    rng = np.random.default_rng(5)
    times = np.datetime_as_string(START + np.arange(ROWS) * np.timedelta64(1, "m"))
    columns = np.round(rng.normal(50, 9, (len(CHANNELS), ROWS)), 2)
    lines = [
        json.dumps({"timestamp": f"{at}Z", **dict(zip(CHANNELS, row, strict=True))})
        for at, row in zip(times.tolist(), columns.T.tolist(), strict=True)
    ]
    return ["\n".join(lines[i : i + BATCH]).encode() for i in range(0, ROWS, BATCH)]


class Peer:
    """The plain loop."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "peer.sqlite3")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(
            "CREATE TABLE readings (machine INTEGER, at INTEGER, power_kw REAL, energy_kwh REAL,"
            " production_count REAL, outdoor_temp_c REAL, PRIMARY KEY (machine, at))"
        )

    def take(self, batch: bytes) -> None:
        """Store one batch in one transaction."""
        rows = []
        for line in batch.splitlines():
            row = json.loads(line)
            at = int(datetime.fromisoformat(row["timestamp"]).timestamp() * 1000)
            rows.append((1, at, *(row[name] for name in CHANNELS)))
        with self._connection:
            self._connection.executemany("INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?)", rows)


def made(stack: Stack, name: str) -> str:
    """Make a machine and return its address."""
    fields = {"name": name, "timezone": "Europe/Berlin"}
    answer = stack.request("POST", MACHINES, stack.token(), json=fields)
    answer.raise_for_status()
    return f"{MACHINES}{answer.json()['id']}"


def send(stack: Stack, machine: str, batch: bytes) -> dict[str, Any]:
    """Send one batch."""
    answer = stack.request(
        "POST",
        f"{machine}/readings",
        stack.token(),
        data=batch,
        headers={"Content-Type": "application/x-ndjson"},
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def ingest(stack: Stack, machine: str, folder: Path) -> dict[str, Any]:
    """Send a million readings, and the last batch once more; the peer stores the same in turns."""
    peer, ours, theirs = Peer(folder), [], []
    everything = batches()
    for batch in everything:
        begun = time.perf_counter()
        done = send(stack, machine, batch)
        ours.append(time.perf_counter() - begun)
        _stored(done, BATCH)
        begun = time.perf_counter()
        peer.take(batch)
        theirs.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    again = send(stack, machine, everything[-1])
    repeated = time.perf_counter() - begun
    _stored(again, 0)
    rate = ROWS / sum(ours)
    return {
        "name": f"{ROWS:,} readings in over REST, {BATCH:,} at a time",
        "rows_a_second": rate,
        "peer_rows_a_second": ROWS / sum(theirs),
        "ratio": sum(ours) / sum(theirs),
        "same_batch_again_rows_a_second": BATCH / repeated,
        "goal_rows_a_second": ROWS_A_SECOND_GOAL,
        "met": rate >= ROWS_A_SECOND_GOAL,
    }


def _stored(done: dict[str, Any], expected: int) -> None:
    if (done["accepted"], done["updated"], done["rejected"]) != (expected, 0, 0):
        raise RuntimeError(f"{expected} new readings were expected: {done}")


def drawn(stack: Stack, machine: str, name: str, query: str) -> dict[str, Any]:
    """Ask for a year as a chart needs it."""
    seconds = []
    for _ in range(DRAWS):
        begun = time.perf_counter()
        answer = stack.request(
            "GET", f"{machine}/readings?resolution=auto&limit=2000&{query}", stack.token()
        )
        seconds.append(time.perf_counter() - begun)
        answer.raise_for_status()
    median = statistics.median(seconds)
    return {
        "name": name,
        "readings": answer.json()["count"],
        "points": len(answer.json()["results"]),
        "seconds": median,
        "goal_seconds": DRAW_GOAL_SECONDS,
        "met": median <= DRAW_GOAL_SECONDS,
    }


def run() -> list[dict[str, Any]]:
    """Return what was measured."""
    with Stack() as stack, tempfile.TemporaryDirectory() as folder:
        minutely, hourly = made(stack, "minutely"), made(stack, "hourly")
        rows = [ingest(stack, minutely, Path(folder))]
        hours = [line for batch in batches() for line in batch.splitlines()][:YEAR_MINUTES:60]
        send(stack, hourly, b"\n".join(hours))
        year = "start=2025-01-01T00:00:00Z&end=2026-01-01T00:00:00Z"
        rows += [
            drawn(stack, hourly, "A year of hourly readings, four channels", year),
            drawn(
                stack,
                minutely,
                "A year of a reading a minute, one channel",
                f"{year}&channels=power_kw",
            ),
            drawn(stack, minutely, "A year of a reading a minute, four channels", year),
        ]
    return rows


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
