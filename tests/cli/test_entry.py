"""The command line as such: it starts light, and its errors are for people."""

import subprocess
import sys
from pathlib import Path

import pytest

from modelwright.cli.entry import COMMANDS
from tests.cli.conftest import Call, call_with


def test_help_needs_neither_django_nor_sklearn() -> None:
    program = (
        "import sys; from modelwright.cli.entry import run; run(['--help']);"
        "print([m for m in ('django', 'sklearn', 'pandas', 'celery') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("[]")


def test_help_lists_every_command(tmp_path: Path) -> None:
    text = call_with(tmp_path / "home")("--help").stdout
    assert all(name in text for name, entry in COMMANDS.items() if entry.panel)
    assert "prepare" not in text


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, call: Call) -> None:
    done = call(name, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage: modelwright " + name in done.stdout


def test_unknown_command_is_a_usage_error(tmp_path: Path) -> None:
    done = call_with(tmp_path / "home")("trian")
    assert done.returncode == 2
    assert "trian" in done.stderr


def test_version_is_printed(tmp_path: Path) -> None:
    assert call_with(tmp_path / "home")("--version").stdout.strip() == "0.1.0"


def test_database_without_tables_is_explained(tmp_path: Path) -> None:
    done = call_with(tmp_path / "home")("runs")
    assert done.returncode == 1
    assert "modelwright prepare" in done.stderr
    assert "Traceback" not in done.stderr


def test_home_that_is_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    done = call_with(tmp_path / "home")("runs")
    assert done.returncode == 1
    assert "MODELWRIGHT_HOME" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_setting_is_explained(tmp_path: Path) -> None:
    done = call_with(tmp_path / "home", {"MODELWRIGHT_SLOTS": "many"})("runs")
    assert done.returncode == 1
    assert "many" in done.stderr
    assert "Traceback" not in done.stderr
