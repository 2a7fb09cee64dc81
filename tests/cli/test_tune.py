"""`tune`: a search from the command line."""

import json
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.stack import CLI, clean_environment

GRID = '{"n_estimators": [5, 10], "max_depth": [2, null]}'
TARGET = ("--target", "future_need_level")


def test_it_prints_the_best_of_every_combination(call: Call, sample: Path) -> None:
    done = call("tune", str(sample), *TARGET, "--method", "grid", "--grid", GRID, "--folds", "3")
    assert done.returncode == 0, done.stderr
    assert "4 of 4 combinations" in done.stdout
    assert "Best: {" in done.stdout
    assert re.search(r"Recorded as search [0-9a-f-]{36} of run \d+", done.stdout)
    runs = json.loads(call("runs", "--json").stdout)
    assert runs[0]["status"] == "completed"


def test_the_search_and_its_run_are_recorded_as_any_other(
    call: Call, sample: Path, installation: Path
) -> None:
    arguments = ("--grid", GRID, "--method", "bayesian", "--n-iter", "3", "--folds", "3")
    done = call("tune", str(sample), *TARGET, *arguments, "--json", "--user", "admin")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    with closing(sqlite3.connect(installation / "system/modelwright.sqlite3")) as database:
        (row,) = database.execute(
            "SELECT t.status, m.number, json_extract(t.results, '$.best_score'), u.username"
            " FROM tuning_runs t JOIN model_runs m ON m.id = t.model_run_id"
            " JOIN users u ON u.id = t.user_id WHERE t.id = ?",
            (found["tuning_run_id"].replace("-", ""),),
        )
        number, score = found["model_run"]["number"], found["best_score"]
        assert row == ("completed", number, score, "admin")
        kept = database.execute("SELECT count(*) FROM tuning_trials WHERE tuning_run_id = ?",
                                (found["tuning_run_id"].replace("-", ""),))  # fmt: skip
        assert kept.fetchone() == (3,)


def test_interrupt_ends_the_search_with_what_it_has(installation: Path, sample: Path) -> None:
    grid = json.dumps({"n_estimators": [900], "min_samples_leaf": list(range(1, 91))})
    process = subprocess.Popen(
        [*CLI, "tune", str(sample), *TARGET, "--grid", grid, "--folds", "2", "--json"],
        env=clean_environment(installation), cwd=installation.parent, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    database = sqlite3.connect(installation / "system/modelwright.sqlite3", timeout=30)
    with closing(database):
        deadline = time.monotonic() + 90
        while not database.execute(
            "SELECT 1 FROM tuning_trials t JOIN tuning_runs r ON r.id = t.tuning_run_id"
            " WHERE r.status = 'running'"
        ).fetchone():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    found = json.loads(stdout)
    assert (found["status"], found["ended"]) == ("cancelled", "cancelled"), stderr
    assert 1 <= len(found["trials"]) < 90
    assert found["best_params"]


def test_programs_get_every_trial(call: Call, sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "grid.json"
    file.write_text(GRID)
    done = call("tune", str(sample), *TARGET, "--grid", f"@{file}", "--folds", "3", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [trial["number"] for trial in result["trials"]] == [0, 1, 2, 3]
    assert result["best_score"] == max(trial["mean"] for trial in result["trials"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*TARGET, "--grid", "{"), "must be JSON"),
        ((*TARGET, "--grid", '{"colour": [1]}'), "Unknown hyperparameter"),
        ((*TARGET, "--grid", "@nowhere.json"), "can't be read"),
        (("--grid", GRID), "--target"),
        ((*TARGET, "--grid", GRID, "--method", "best"), "must be one of"),
    ],
)
def test_what_is_wrong_is_said(
    call: Call, sample: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = call("tune", str(sample), *arguments)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
