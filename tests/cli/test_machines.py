"""Machines on the command line: the sample ones, the list, importing readings."""

import json
import os
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from tests.cli.conftest import Call, call_with
from tests.stack import CLI, PASSWORD, clean_environment, eventually

HEAD = "timestamp,power_kw,flow\n"
START = np.datetime64("2026-01-01T00:00:00")


def minutes(count: int, start: int = 0) -> str:
    times = START + np.arange(start, start + count) * np.timedelta64(1, "m")
    return "".join(f"{time}Z,{i % 97}.5,{i % 7}\n" for i, time in enumerate(times, start))


def facts(place: Path, name: str) -> dict[str, Any]:
    """Return the row of a machine, past the command line, which takes a second to start."""
    with sqlite3.connect(place / "system/modelwright.sqlite3") as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute("SELECT * FROM machines WHERE name = ?", [name]).fetchone()
    return dict(row)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with machines to import to, and no trainings."""
    home = tmp_path_factory.mktemp("machines") / "home"
    assert call_with(home, {"MODELWRIGHT_ADMIN_PASSWORD": PASSWORD})("prepare").returncode == 0
    return home


@pytest.fixture(scope="module")
def call(place: Path) -> Call:
    return call_with(place)


@pytest.mark.slow
def test_sample_machines_come_once_with_a_year_of_readings_and_read_on(call: Call) -> None:
    again = call("sample", "load")
    assert again.returncode == 0, again.stderr
    assert "The sample machines are there; " in again.stdout
    listed = call("machines").stdout
    for name in ("Compressor 1", "Chiller 2", "HVAC main hall", "Furnace 5"):
        assert name in listed
    (found,) = json.loads(call("machines", "--json", "--search", "prairie").stdout)
    assert found["name"] == "Furnace 5"
    assert 8_500 < found["reading_count"] <= 8_760
    assert "sample" in found["tags"]


def test_csv_is_imported_and_twice_it_changes_nothing(
    call: Call, place: Path, tmp_path: Path
) -> None:
    file = tmp_path / "week.csv"
    file.write_text(HEAD + minutes(60_000))
    before = facts(place, "Compressor 1")["reading_count"]
    done = call("readings", "import", str(file), "--machine", "Compressor 1")
    assert done.returncode == 0, done.stderr
    machine = facts(place, "Compressor 1")
    added = machine["reading_count"] - before
    changed = 60_000 - added  # that have been read by the hour
    assert 900 < changed <= 1_000
    assert done.stdout == f"Compressor 1: {added:,} readings added, {changed:,} changed.\n"
    assert "flow" in json.loads(machine["channels"])
    again = call("readings", "import", str(file), "--machine", machine["id"], "--json")
    assert json.loads(again.stdout) == {
        "accepted": 0, "updated": 0, "rejected": 0, "rows": 60_000, "errors": [],
        "machine": machine["id"],
    }  # fmt: skip


@pytest.mark.parametrize("zone", ["UTC", None])
def test_parquet_is_imported_where_its_times_have_a_zone(
    call: Call, tmp_path: Path, zone: str | None
) -> None:
    times = (START + np.arange(5_000) * np.timedelta64(1, "m")).astype("datetime64[ms]")
    power = np.arange(5_000) % 50 + 0.25
    power[7] = np.nan
    moments = Array.from_numpy(times.astype(np.int64)).cast(DataType.timestamp("ms", tz=zone))
    columns = {"timestamp": moments, "power_kw": Array.from_numpy(power)}
    file = tmp_path / "readings.parquet"
    write_parquet(Table.from_pydict(columns), str(file))
    done = call("readings", "import", str(file), "--machine", "Furnace 5")
    if zone is None:
        assert done.returncode == 1
        assert "have no zone" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert "readings added" in done.stdout


def test_a_bad_row_stops_everything(call: Call, place: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(HEAD + minutes(100) + "2026-02-30T00:00:00Z,1,1\nx,NaN,1\n")
    refused = call("readings", "import", str(file), "--machine", "Chiller 2")
    assert refused.returncode == 1
    assert "Row 101: timestamp" in refused.stderr
    assert "nothing was stored" in refused.stderr
    assert "flow" not in facts(place, "Chiller 2")["channels"]


def test_rows_may_be_left_out(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text(HEAD + minutes(100) + "2026-02-30T00:00:00Z,1,1\n")
    done = call(
        "readings", "import", str(file), "--machine", "HVAC main hall", "--on-error", "skip"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("1 row left out.\n")
    assert "Row 101" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "machine", "says"),
    [
        ("a.csv", HEAD, "Chiller 2", "no rows"),
        ("a.csv", HEAD + minutes(1), "Chiller 9", "no machine 'Chiller 9'"),
        ("a.xlsx", "PK", "Chiller 2", "one that ends in .csv"),
        ("a.parquet", "PAR1", "Chiller 2", "Parquet"),
    ],
)
def test_what_can_not_be_imported_is_said_so(
    call: Call, tmp_path: Path, name: str, content: str, machine: str, says: str
) -> None:
    (tmp_path / name).write_text(content)
    done = call("readings", "import", str(tmp_path / name), "--machine", machine)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_killed_import_leaves_whole_chunks_and_goes_on(
    call: Call, place: Path, tmp_path: Path
) -> None:
    file = tmp_path / "large.csv"
    file.write_text(HEAD + minutes(300_000))
    name = "Injection moulding line 3"
    process = subprocess.Popen(
        [*CLI, "readings", "import", str(file), "--machine", name, "--on-error", "skip"],
        env=clean_environment(place),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    database = place / "system/modelwright.sqlite3"

    def batches() -> int:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            sql = "SELECT count(*) FROM reading_batches b JOIN machines m ON m.id = b.machine_id"
            return int(connection.execute(f"{sql} WHERE m.name = ?", [name]).fetchone()[0])

    before = batches()
    eventually(lambda: batches() > before, seconds=60, what="a chunk is stored")
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    with sqlite3.connect(database) as connection:
        stored, counted = connection.execute(
            "SELECT count(*), max(m.reading_count) FROM readings r"
            " JOIN machines m ON m.number = r.machine_number WHERE m.name = ?",
            [name],
        ).fetchone()
    assert stored == counted
    done = call("readings", "import", str(file), "--machine", name, "--json")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["accepted"] == facts(place, name)["reading_count"] - counted
    assert outcome["accepted"] + outcome["updated"] < 300_000 - 1_000  # the rest was there
