"""`train`, `runs`, `run`, `cancel`, and contract A's management command."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.stack import CLI, clean_environment, eventually

MANAGE = Path(__file__).parents[2] / "manage.py"


def trained(call: Call, *arguments: str) -> dict[str, object]:
    done = call("train", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


def test_training_prints_metrics_and_records_the_run(call: Call, sample: Path) -> None:
    done = call("train", str(sample), "--target", "future_need_level", "--param", "n_estimators=10")
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout
    number = done.stdout.split()[1]
    shown = call("run", number, "--json").stdout
    assert json.loads(shown)["status"] == "completed"
    assert number in call("runs").stdout


def test_model_file_is_where_the_run_says(call: Call, sample: Path, installation: Path) -> None:
    run = trained(call, str(sample), "--preset", "future_skills", "--version", "by-name")
    assert run["model_path"] == "artifacts/models/by-name.pkl"
    assert (installation / "artifacts/models/by-name.pkl").is_file()


def test_file_below_the_data_root_is_used_where_it_lies(call: Call, sample: Path) -> None:
    run = trained(call, str(sample), "--target", "future_need_level")
    assert run["dataset_path"] == "artifacts/datasets/future_skills_dataset.csv"


@pytest.mark.slow
def test_file_from_elsewhere_is_kept_by_its_content(
    call: Call, sample: Path, tmp_path: Path, installation: Path
) -> None:
    outside = tmp_path / "my table (1).csv"
    outside.write_bytes(sample.read_bytes())
    first = trained(call, str(outside), "--target", "future_need_level")
    outside.rename(tmp_path / "my table (1).csv.moved")
    path = installation / str(first["dataset_path"])
    assert path.read_bytes() == sample.read_bytes()
    assert path.parent.name == "imported"
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_parameters_are_read_as_json_or_words(call: Call, sample: Path) -> None:
    flags = ["--param", "max_depth=none", "--param", "class_weight=balanced"]
    run = trained(call, str(sample), "--target", "future_need_level", *flags)
    assert run["hyperparameters"]["max_depth"] is None  # type: ignore[index]
    assert run["hyperparameters"]["class_weight"] == "balanced"  # type: ignore[index]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--target", "no_such_column"], 1, "no_such_column"),
        (["--target", "future_need_level", "--param", "n_estimators=0"], 1, "n_estimators"),
        (["--target", "future_need_level", "--param", "n_estimators"], 2, "name=value"),
        (["--target", "future_need_level", "--test-size", "0.9"], 1, "test_split"),
        (["--target", "future_need_level", "--model-type", "oracle"], 1, "model_type"),
        (["--target", "future_need_level", "--user", "nobody"], 1, "nobody"),
        ([], 2, "--target"),
    ],
)
def test_what_is_wrong_is_said_on_stderr(
    call: Call, sample: Path, arguments: list[str], code: int, word: str
) -> None:
    done = call("train", str(sample), *arguments)
    assert done.returncode == code
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_file_is_a_usage_error(call: Call, tmp_path: Path) -> None:
    assert call("train", str(tmp_path / "none.csv"), "--target", "x").returncode == 2


def test_failed_training_is_recorded(call: Call, sample: Path) -> None:
    call("train", str(sample), "--target", "no_such_column")
    newest = json.loads(call("runs", "--limit", "1", "--json").stdout)[0]
    assert newest["status"] == "failed"
    assert "no_such_column" in newest["error_message"]


@pytest.mark.slow
def test_interrupt_cancels_the_run(call: Call, installation: Path, tmp_path: Path) -> None:
    table = tmp_path / "large.csv"
    rows = (f"{i % 97},{i % 89},{i % 83},{i % 2}" for i in range(60_000))
    table.write_text("a,b,c,y\n" + "\n".join(rows))
    command = [*CLI, "train", str(table), "--target", "y", "--param", "n_estimators=1000"]
    with subprocess.Popen(
        command,
        env=clean_environment(installation),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        eventually(
            lambda: '"running"' in call("runs", "--limit", "1", "--json").stdout,
            seconds=60,
            what="the run is running",
        )
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1, errors
    newest = json.loads(call("runs", "--limit", "1", "--json").stdout)[0]
    assert newest["status"] == "cancelled"


def test_unknown_run_is_explained(call: Call) -> None:
    for command in ("run", "cancel"):
        done = call(command, "99999")
        assert done.returncode == 1
        assert "99999" in done.stderr


@pytest.mark.slow
def test_ended_run_can_not_be_cancelled(call: Call, sample: Path) -> None:
    run = trained(call, str(sample), "--target", "future_need_level")
    done = call("cancel", str(run["number"]))
    assert done.returncode == 1
    assert "ended" in done.stderr


@pytest.mark.slow
def test_runs_can_be_narrowed_to_a_status(call: Call, sample: Path) -> None:
    trained(call, str(sample), "--target", "future_need_level")
    listed = json.loads(call("runs", "--status", "completed", "--json").stdout)
    assert {run["status"] for run in listed} == {"completed"}
    assert call("runs", "--status", "pending").stdout.strip() == "No run is pending."


def manage(installation: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(MANAGE), "train_future_skills_model", *arguments],
        env=clean_environment(installation),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.slow
def test_management_command_trains(call: Call, installation: Path) -> None:
    done = manage(
        installation,
        *("--dataset", "artifacts/datasets/future_skills_dataset.csv", "--model-version", "v3.0"),
        *("--n-estimators", "20", "--max-depth", "5", "--notes", "by hand"),
    )
    assert done.returncode == 0, done.stderr
    assert "v3.0" in done.stdout
    run = json.loads(call("runs", "--limit", "1", "--json").stdout)[0]
    assert (run["model_version"], run["status"]) == ("v3.0", "completed")
    assert run["hyperparameters"]["n_estimators"] == 20
    assert run["hyperparameters"]["max_depth"] == 5


@pytest.mark.slow
@pytest.mark.parametrize("path", ["artifacts/datasets/missing.csv", "/nowhere/missing.csv"])
def test_management_command_fails_with_a_record(call: Call, installation: Path, path: str) -> None:
    done = manage(installation, "--dataset", path, "--model-version", f"v-{len(path)}")
    assert done.returncode == 1
    assert "missing.csv" in done.stderr
    assert "Traceback" not in done.stderr
    run = json.loads(call("runs", "--limit", "1", "--json").stdout)[0]
    assert (run["model_version"], run["status"]) == (f"v-{len(path)}", "failed")
    assert "missing.csv" in run["error_message"]


def test_management_command_refuses_a_wrong_value(installation: Path) -> None:
    done = manage(installation, "--n-estimators", "0")
    assert done.returncode == 1
    assert "n_estimators" in done.stderr
