"""The plain loop that trainings over REST are compared with: nothing but reading and fitting.

``machines_peer DATABASE`` reads the readings of the machines that are named to it, line by line on
stdin, fits each model type to them, and answers with the seconds taken, those of the processor, and
how many fits that were.
"""

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modelwright.engine.machines.series import Series
from modelwright.engine.machines.training import train_machine_model

COLUMNS = ("power_kw", "energy_kwh", "production_count", "outdoor_temp_c")


def series_of(connection: sqlite3.Connection, name: str) -> Series:
    """Read all that a machine has."""
    number, timezone = connection.execute(
        "SELECT number, timezone FROM machines WHERE name = ?", [name]
    ).fetchone()
    rows = connection.execute(
        f"SELECT at, extra, {', '.join(COLUMNS)} FROM readings"  # noqa: S608  (constants)
        " WHERE machine_number = ? ORDER BY at",
        [number],
    ).fetchall()
    times, extras, *known = zip(*rows, strict=True)
    channels = dict(zip(COLUMNS, known, strict=True))
    others = [json.loads(extra) if extra else {} for extra in extras]
    for other in sorted(set().union(*others)):
        channels[other] = tuple(row.get(other) for row in others)
    return Series(
        np.array(times, dtype=np.int64),
        {name: np.array(values, dtype=np.float64) for name, values in channels.items()},
        timezone,
    )


def loop(connection: sqlite3.Connection, names: Sequence[str], model_types: Sequence[str]) -> int:
    """Fit every model type to every machine, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            for model_type in model_types:
                series = series_of(connection, name)
                train_machine_model(series, model_type, path=Path(folder, "model.json"))
    return len(names) * len(model_types)


def main(arguments: Sequence[str]) -> None:
    """Answer until there is nothing more to do."""
    connection = sqlite3.connect(f"file:{arguments[0]}?mode=ro", uri=True)
    for line in sys.stdin:
        asked = json.loads(line)
        begun, cpu = time.perf_counter(), time.process_time()
        fits = loop(connection, asked["machines"], asked["model_types"])
        taken = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu}
        print(json.dumps({"fits": fits, **taken}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
