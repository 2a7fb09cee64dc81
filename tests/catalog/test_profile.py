"""What is found out about a table, and how its columns go with a target."""

import doctest
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modelwright.catalog import drafts, preview, profile, reader, target_profile
from modelwright.engine.errors import DataLoadError
from modelwright.engine.tables import Table

LIMITS = {"max_bytes": 10**7, "max_rows": 10**6, "max_columns": 100}
ROWS = 400


def table(**columns: Any) -> Table:
    return Table(pd.DataFrame(columns), "utf-8", ",", "")


def columns(frame: Table) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in profile.columns_of(frame)}


@pytest.mark.parametrize("module", [drafts, preview, profile, target_profile])
def test_the_examples_in_the_text_run(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def test_each_column_is_counted_and_sorted() -> None:
    found = columns(
        table(
            number=[1.5, 2.5, None, 4.5] * 30,
            word=["a", "b", None, "a"] * 30,
            date=["2026-01-01", "2026-02-01", "2026-03-01", None] * 30,
            flag=[True, False] * 60,
            empty=[None] * 120,
            constant=[7] * 120,
            free=[f"text {n}" for n in range(120)],
        )
    )
    counted = {name: (c["missing"], c["distinct"], c["kind"]) for name, c in found.items()}
    assert counted == {
        "number": (30, 3, "numeric"), "word": (30, 2, "text"), "date": (30, 3, "date"),
        "flag": (0, 2, "numeric"), "empty": (120, 0, "unusable"),
        "constant": (0, 1, "unusable"), "free": (0, 120, "unusable"),
    }  # fmt: skip
    assert "no values" in found["empty"]["note"]
    assert "identifier or free text" in found["free"]["note"]
    assert found["date"]["date_format"]


def test_a_column_that_a_training_would_refuse_does_not_spoil_the_others() -> None:
    found = columns(table(bad=[1.0, np.inf] * 20, good=[1.0, 2.0] * 20))
    assert (found["bad"]["kind"], found["good"]["kind"]) == ("unusable", "numeric")
    assert "infinite" in found["bad"]["note"]


def test_lists_in_cells_are_counted_as_text() -> None:
    frame = table(a=[[1, 2], [1, 2], None] * 10)
    (column,) = profile.columns_of(frame)
    assert (column["missing"], column["distinct"]) == (10, 1)
    assert profile.profile_of(frame, [column])["duplicate_rows"] == 28


def test_the_shape_of_numbers() -> None:
    frame = table(x=[*range(100), None])
    shape = profile.profile_of(frame, profile.columns_of(frame))["columns"]["x"]
    assert (shape["min"], shape["median"], shape["max"], shape["zero"]) == (0, 49.5, 99, 1)
    assert sum(shape["histogram"]["counts"]) == 100
    assert len(shape["histogram"]["edges"]) == len(shape["histogram"]["counts"]) + 1


@pytest.mark.parametrize(
    "values",
    [[1e308, -1e308] * 20, [1.0, 1.0 + 2**-52] * 20, [1e-320, 0.0] * 20, [5] * 40],
)
def test_odd_numbers_have_a_shape_too(values: list[float]) -> None:
    frame = table(x=values)
    shape = profile.profile_of(frame, profile.columns_of(frame))["columns"]["x"]
    assert shape["frequent"]


def test_what_the_table_lacks_is_named() -> None:
    frame = table(a=[1, 1, 2], b=["x", "x", "x"], c=[None, None, None])
    found = profile.profile_of(frame, profile.columns_of(frame))
    assert (found["duplicate_rows"], found["missing_cells"]) == (1, 3)
    assert (found["constant_columns"], found["empty_columns"]) == (["b"], ["c"])


# --- the target ----------------------------------------------------------------------------------


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(1)


def associations(found: dict[str, Any]) -> dict[str, float]:
    return {a["column"]: a["value"] for a in found["associations"]}


def test_what_tells_of_a_class_comes_first_and_noise_last(random: np.random.Generator) -> None:
    y = random.choice(["a", "b", "c"], ROWS)
    found = target_profile.target_profile_of(
        table(
            noise=random.normal(size=ROWS),
            near=pd.Series(y).map({"a": 0.0, "b": 1.0, "c": 2.0}) + random.normal(0, 0.5, ROWS),
            word=np.where(random.random(ROWS) < 0.8, y, "?"),
            y=y,
        ),
        "y",
    )
    values = associations(found)
    assert found["task"] == "classification"
    assert values["near"] > 0.8
    assert values["word"] > 0.6
    assert values["noise"] < 0.2
    assert found["suspected_leakage"] == []


def test_regression_by_correlation_and_by_groups(random: np.random.Generator) -> None:
    group = random.choice(list("abcd"), ROWS)
    y = pd.Series(group).map({"a": 0.0, "b": 5.0, "c": 9.0, "d": 3.0}) + random.normal(size=ROWS)
    found = target_profile.target_profile_of(
        table(group=group, minus=-y * 3 + random.normal(size=ROWS), y=y), "y"
    )
    measures = {a["column"]: a["measure"] for a in found["associations"]}
    assert found["task"] == "regression"
    assert measures == {"group": "eta", "minus": "correlation"}
    assert min(associations(found).values()) > 0.9


def leak(name: str, values: Any, y: Any) -> str:
    found = target_profile.target_profile_of(
        table(**{name: values, "other": y == "yes", "y": y}), "y"
    )
    reasons = {s["column"]: s["reason"] for s in found["suspected_leakage"]}
    return str(reasons.get(name, ""))


def test_leakage_is_suspected(random: np.random.Generator) -> None:
    score = random.normal(size=ROWS)
    y = pd.Series(np.where(score > 0.3, "yes", "no"))
    assert "equals the target" in leak("copy", y.to_numpy(), y)
    assert "almost by itself" in leak("score", score, y)
    assert "almost by itself" in leak("code", y.map({"yes": "J", "no": "N"}).to_numpy(), y)
    ended = np.where(y == "yes", random.normal(size=ROWS), np.nan)
    assert "filled in" in leak("end_date", ended, y)
    assert leak("noise", random.normal(size=ROWS), y) == ""


def test_the_rows_looked_at_are_limited_and_the_same_each_time(
    monkeypatch: pytest.MonkeyPatch, random: np.random.Generator
) -> None:
    monkeypatch.setattr(target_profile, "MOST_ROWS", 100)
    frame = table(x=random.normal(size=ROWS), y=random.choice(["a", "b"], ROWS))
    one = target_profile.target_profile_of(frame, "y")
    assert one["rows_used"] == 100
    assert one == target_profile.target_profile_of(frame, "y")


def test_a_target_that_can_not_be_one_is_refused() -> None:
    with pytest.raises(DataLoadError, match="only one class"):
        target_profile.target_profile_of(table(x=[1, 2], y=["a", "a"]), "y")


# --- the reader ----------------------------------------------------------------------------------


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def answer(content: bytes, **more: Any) -> dict[str, Any]:
        path = tmp_path / "t.csv"
        path.write_bytes(content)
        question = {"path": str(path), "name": "t.csv", "limits": LIMITS, **more}
        found: dict[str, Any] = json.loads(json.dumps(reader.answer(question), default=float))
        return found

    return answer


def test_the_reader_tells_all_of_a_table(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask(b"a;b\n1,5;x\n;y\n")["ok"]
    assert (found["row_count"], found["delimiter"], found["encoding"]) == (2, ";", "utf-8")
    assert found["preview"] == {"columns": ["a", "b"], "rows": [[1.5, "x"], [None, "y"]]}
    assert found["warnings"]


def test_what_is_wrong_is_an_answer(ask: Callable[..., dict[str, Any]]) -> None:
    assert "empty" in ask(b"")["error"]
    assert "'z' not found" in ask(b"a,b\n1,2\n", target="z")["error"]


def test_a_file_that_is_copied_is_read_from_its_copy(
    ask: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    target = tmp_path / "copy.csv"
    assert ask(b"a,b\n1,2\n", copy_to=str(target))["ok"]["row_count"] == 1
    assert target.read_bytes() == b"a,b\n1,2\n"
    large = ask(b"a,b\n" + b"1,2\n" * 100, copy_to=str(tmp_path / "no.csv"),
                limits={**LIMITS, "max_bytes": 100})  # fmt: skip
    assert "larger than the limit" in large["error"]
    assert not (tmp_path / "no.csv").exists()


def test_text_that_no_database_holds_is_cleaned() -> None:
    assert reader._storable({"a\0": ["b\0", 1, None, "\ud800"]}) == {"a": ["b", 1, None, "?"]}


def test_previews_of_wide_tables_and_long_cells_are_cut() -> None:
    wide = preview.preview_of(pd.DataFrame({f"c{n}": range(200) for n in range(1000)}))
    assert (len(wide["columns"]), len(wide["rows"])) == (1000, 20)
    (cell,) = preview.preview_of(pd.DataFrame({"a": ["x" * 1000]}))["rows"][0]
    assert len(cell) == preview.MOST_CHARS
