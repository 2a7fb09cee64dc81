"""Machines on the command line: the sample ones, the list, importing readings."""

from pathlib import Path

from tests.cli.conftest import Call


def test_sample_machines_come_once_with_a_year_of_readings_and_read_on(
    call: Call, installation: Path
) -> None:
    again = call("sample", "load")
    assert again.returncode == 0, again.stderr
    assert "The sample machines are there; " in again.stdout
