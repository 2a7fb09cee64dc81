"""Reading tables: files that are none, limits, and whatever bytes there may be."""

import contextlib
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.engine import DataLoadError, TableLimits, read_table
from modelwright.engine import table_layout as table_layout_module
from tests.bad_tables import GOOD, ODD_TABLES


def write(folder: Path, data: bytes | str) -> Path:
    """Write a table file."""
    path = folder / "t.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def refusal(path: Path, **limits: int) -> str:
    """Return why a file is refused."""
    with pytest.raises(DataLoadError) as error:
        read_table(path, limits=TableLimits(**limits))
    assert str(path.parent) not in str(error.value)
    return str(error.value)


ALPHABET = st.sampled_from([b"a", b"1", b",", b";", b'"', b"\n", b"\r", b"\t", b" ", b".", b"\xe9"])


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=150)
@given(st.one_of(st.binary(max_size=200), st.lists(ALPHABET, max_size=60).map(b"".join)))
def test_random_bytes_are_a_table_or_a_data_load_error(tmp_path: Path, data: bytes) -> None:
    try:
        table = read_table(write(tmp_path, data))
    except DataLoadError:
        return
    assert len(table.frame) > 0
    assert table.frame.columns.is_unique


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(
    st.integers(0, len(GOOD) - 1),
    st.binary(min_size=1, max_size=3),
    st.sampled_from(["cut", "put"]),
)
def test_damaged_table_is_a_table_or_a_data_load_error(
    tmp_path: Path, place: int, junk: bytes, kind: str
) -> None:
    data = GOOD[:place] + junk + (GOOD[place:] if kind == "put" else b"")
    with contextlib.suppress(DataLoadError):
        assert len(read_table(write(tmp_path, data)).frame) > 0


@pytest.mark.parametrize(
    "name",
    [
        "carriage_returns_only",
        "windows_line_ends",
        "no_last_line_end",
        "blank_lines_between",
        "utf8_with_mark",
        "utf16_with_mark",
        "utf32_with_mark",
        "semicolons",
        "tabs",
        "pipes",
        "decimal_commas",
        "quoted",
        "delimiter_at_every_line_end",
        "blanks_around_names",
    ],
)
def test_same_table_in_another_dress_reads_the_same(name: str, tmp_path: Path) -> None:
    plain = read_table(write(tmp_path, GOOD)).frame
    other = read_table(write(tmp_path, ODD_TABLES[name])).frame
    pd.testing.assert_frame_equal(plain, other, check_dtype=False)


LINE = st.lists(st.sampled_from(["a", ",", ",", " ", "\t", "é"]), max_size=5).map("".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINE, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_quick_check_agrees_with_the_thorough_one(lines: list[str], end: str) -> None:
    text = end.join(["a,b", "1,2", *lines]).encode()
    answers = []
    for check in (table_layout_module._quick_check, lambda *_: None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(table_layout_module, "_quick_check", check)
            try:
                answers.append(table_layout_module.table_layout(text, TableLimits(), "t.csv"))
            except DataLoadError as error:
                answers.append(str(error))
    assert answers[0] == answers[1]


def test_plain_csv_reads_as_pandas_reads_it(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    pd.testing.assert_frame_equal(read_table(path).frame, pd.read_csv(path))


def test_row_number_counts_the_header_and_blank_rows(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a,b\n\n1,2\n\n\n3,4\n"))
    assert [table.row_number(i) for i in range(2)] == [3, 6]


def test_windows_1252_is_read_with_a_warning(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "name,x\nJosé,1\n".encode("cp1252")))
    assert table.frame["name"].tolist() == ["José"]
    assert "Windows-1252" in table.warnings[0]


def test_text_with_commas_stays_text_where_the_delimiter_is_a_semicolon(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a;b\n1,5;x,y\n1.234,5;z\n;w\n"))
    assert table.frame["a"].tolist()[:2] == [1.5, 1234.5]
    assert table.frame["b"].tolist() == ["x,y", "z", "w"]


def test_too_many_rows_bytes_columns_or_characters_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "1,2\n" * 50)
    assert "limit of 40 rows" in refusal(path, max_rows=40)
    assert "limit of 100 bytes" in refusal(path, max_bytes=100)
    assert "2 columns; the limit is 1" in refusal(path, max_columns=1)
    assert "the limit is 0" in refusal(path, max_cell_chars=0)
    assert len(read_table(path, limits=TableLimits(204, 50, 2, 1)).frame) == 50


def test_missing_file_is_named_as_the_user_named_it(tmp_path: Path) -> None:
    with pytest.raises(DataLoadError, match=r"^Dataset file 'data/x.csv' not found"):
        read_table(tmp_path / "secret" / "x.csv", display_name="data/x.csv")


def test_folder_pipe_and_device_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is a folder" in refusal(tmp_path)
    assert "is a pipe or device" in refusal(tmp_path / "pipe")
    assert "is a pipe or device" in refusal(Path("/dev/zero"))


def test_names_that_no_file_can_have_are_refused(tmp_path: Path) -> None:
    assert "too long" in refusal(tmp_path / ("x" * 5000))
    assert "can't be opened" in refusal(tmp_path / "a\0b")
