"""Tables with rows that came later: nothing is lost, twice, or of another kind."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import pandas as hp

from modelwright.engine.errors import DataLoadError
from modelwright.engine.gathered import Gathered, gathered_keys, gathered_write, rows_gather
from modelwright.engine.later_rows import LaterRow, rows_line, rows_read
from modelwright.engine.tables import read_table

BASE = pd.DataFrame({"kw": [1.0, 2.0, 3.0], "site": ["n", "s", None], "y": ["a", "b", "a"]})


def later(*keys: str, truth: str = "a") -> list[LaterRow]:
    return [LaterRow(key, {"kw": float(len(key)), "site": key}, truth) for key in keys]


def keys_of(table: Gathered) -> dict[str, str]:
    """Return key -> site of the later rows: each row must stand at its own key."""
    rows = table.frame.iloc[len(table.frame) - len(table.keys) :]
    return dict(zip(table.keys, rows["site"], strict=True))


names = st.lists(st.text("xyz", min_size=1, max_size=3), unique=True, max_size=8)


@given(first=names, second=names, most=st.integers(3, 12))
def test_each_key_is_there_once_with_its_own_row(
    first: list[str], second: list[str], most: int
) -> None:
    earlier = rows_gather(BASE, later(*first), "y")
    found = rows_gather(BASE, later(*second), "y", earlier=earlier, max_rows=most)
    kept = [key for key in first if key not in second]
    wanted = [*kept, *second][-(most - 3) :] if most > 3 else []
    assert list(found.keys) == wanted
    assert keys_of(found) == {key: key for key in wanted}
    pd.testing.assert_frame_equal(found.frame.iloc[:3].reset_index(drop=True), BASE)
    assert len(found.frame) == 3 + len(wanted)


@given(first=names, second=names)
def test_without_the_table_only_the_new_rows_count(first: list[str], second: list[str]) -> None:
    earlier = rows_gather(BASE, later(*first), "y")
    found = rows_gather(BASE, later(*second), "y", earlier=earlier, only_later=True)
    assert list(found.keys) == second
    assert found.frame["site"].tolist() == second
    assert list(found.frame.columns) == list(BASE.columns)


def test_columns_keep_their_kind() -> None:
    zone = "Europe/Berlin"
    base = pd.DataFrame(
        {
            "whole": [1, 2],
            "number": [1.5, np.nan],
            "yes": [True, False],
            "day": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "moment": pd.to_datetime(["2026-01-01", "2026-07-01"]).tz_localize(zone),
            "took": pd.to_timedelta([1, 2], unit="h"),
            "word": ["007", "8"],
            "y": [0, 1],
        }
    )
    inputs = {
        "whole": 3.0, "number": "2.5", "yes": "True", "day": "2026-01-03", "word": "009",
        "moment": "2026-03-01T12:00:00Z", "took": "3 hours", "unknown": 1,
    }  # fmt: skip
    found = rows_gather(base, [LaterRow("k", inputs, "1")], "y").frame
    assert (found.dtypes == base.dtypes)[["whole", "number", "day", "moment", "took", "y"]].all()
    last = found.iloc[-1]
    assert (last["whole"], last["number"], last["yes"], last["word"]) == (3, 2.5, True, "009")
    assert last["day"] == pd.Timestamp("2026-01-03")
    assert last["moment"] == pd.Timestamp("2026-03-01T13:00", tz=zone)
    assert (last["took"], last["y"]) == (pd.Timedelta(hours=3), 1)
    assert "unknown" not in found


def test_what_does_not_fit_a_column_is_missing() -> None:
    base = pd.DataFrame({"whole": [1, 2], "yes": [True, False], "y": ["a", "b"]})
    found = rows_gather(base, [LaterRow("k", {"whole": "many", "yes": "perhaps"}, "a")], "y").frame
    assert found["whole"].tolist()[:2] == [1, 2]
    assert pd.isna(found["whole"].iloc[2])
    assert pd.isna(found["yes"].iloc[2])


def test_a_class_of_one_later_row_is_left_out_and_one_of_the_table_is_not() -> None:
    rows = [LaterRow("p", {"kw": 1}, "new"), *later("q", truth="b"), LaterRow("r", {}, "two")]
    found = rows_gather(BASE, [*rows, LaterRow("s", {}, "two")], "y", are_labels=True)
    assert found.keys == ("q", "r", "s")
    assert found.frame["y"].tolist() == ["a", "b", "a", "b", "two", "two"]


def test_a_table_without_the_target_is_refused() -> None:
    with pytest.raises(DataLoadError, match="no column 'z' any more"):
        rows_gather(BASE, later("p"), "z")


cells = st.one_of(st.none(), st.floats(allow_nan=False), st.text(), st.booleans())


@given(st.lists(st.builds(LaterRow, st.text(), st.dictionaries(st.text(), cells), st.text())))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_come_back_from_their_lines(tmp_path: Path, rows: list[LaterRow]) -> None:
    path = tmp_path / "rows"
    path.write_text("".join(map(rows_line, rows)), encoding="utf-8")
    assert list(rows_read(path)) == rows


moments = st.integers(0, 2**52).map(lambda us: np.datetime64(us, "us"))
frames = hp.data_frames(
    [
        hp.column("f", elements=st.floats(allow_infinity=False)),
        hp.column("i", elements=st.integers(-(2**62), 2**62), dtype="int64"),
        hp.column("u", elements=st.integers(0, 2**63), dtype="uint64"),
        hp.column("b", elements=st.booleans(), dtype=bool),
        hp.column("t", elements=st.text(st.characters(exclude_categories=["Cs"]))),
        hp.column("d", elements=moments, dtype="datetime64[us]"),
    ],
    index=hp.range_indexes(min_size=1, max_size=5),
)


@given(frames)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_what_is_written_is_what_is_read(tmp_path: Path, frame: pd.DataFrame) -> None:
    frame["t"] = frame["t"].astype("str")
    frame["z"] = frame["d"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
    path = tmp_path / "t.parquet"
    gathered_write(Gathered(frame, ("a", '\u00e4"')), path)
    assert gathered_keys(path) == ("a", '\u00e4"')
    pd.testing.assert_frame_equal(read_table(path).frame, frame)
