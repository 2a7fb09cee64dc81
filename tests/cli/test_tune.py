"""`tune`: a search from the command line."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call

GRID = '{"n_estimators": [5, 10], "max_depth": [2, null]}'
TARGET = ("--target", "future_need_level")


def test_it_prints_the_best_of_every_combination(call: Call, sample: Path) -> None:
    done = call("tune", str(sample), *TARGET, "--method", "grid", "--grid", GRID, "--folds", "3")
    assert done.returncode == 0, done.stderr
    assert "4 of 4 combinations" in done.stdout
    assert "Best: {" in done.stdout


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
