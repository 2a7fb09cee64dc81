"""Plain bodies are read as JSON says, and whatever else is left to the long way."""

import json
import math
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.engine.serving.bodies import MAX_ROWS, quick_id, quick_table

CELLS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1)
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)
PLAIN = CELLS | WORDS | st.floats(allow_nan=False, allow_infinity=False)


@given(st.dictionaries(WORDS, PLAIN, min_size=1), st.integers(1, 4), st.booleans())
def test_rows_and_columns_of_plain_cells_are_read(
    row: dict[str, Any], size: int, by_rows: bool
) -> None:
    columns = {name: [cell] * size for name, cell in row.items()}
    body = {"rows": [row] * size} if by_rows else {"columns": columns}
    found = quick_table(json.dumps(body).encode())
    assert found is not None
    assert (found.cells, found.size, list(found.keys)) == (columns, size, [])


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"row": {}},
        {"row": [1]},
        {"rows": []},
        {"rows": {}},
        {"rows": [1]},
        {"rows": [{"a": 1}, {"b": 1}]},
        {"rows": [{"a": 1}] * (MAX_ROWS + 1)},
        {"columns": {}},
        {"columns": {"a": 1}},
        {"columns": {"a": [1], "b": []}},
        {"row": {"a": 1}, "rows": [{"a": 1}]},
        {"row": {"a": [1]}},
        {"row": {"a": {}}},
        {"row": {"a": 2**63}},
        {"row": {"a": "\0"}},
        {"row": {"\0": 1}},
        {"row": {"a": "\ud800"}},
        {"row": {"a": 1}, "key": ""},
        {"row": {"a": 1}, "key": " x"},
        {"row": {"a": 1}, "key": 7},
        {"row": {"a": 1}, "key": "x" * 201},
        {"row": {"a": 1}, "key": "x", "keys": ["x"]},
        {"rows": [{"a": 1}], "key": "x"},
        {"rows": [{"a": 1}], "keys": ["x", "y"]},
        {"rows": [{"a": 1}], "keys": []},
        {"rows": [{"a": 1}], "keys": "x"},
        {"row": {"a": 1}, "explain": False},
        {"row": {"a": math.nan}},
        {"row": {"a": math.inf}},
    ],
)
def test_what_is_not_plain_is_not_read(body: Any) -> None:
    assert quick_table(json.dumps(body).encode()) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 90_000, b'{"row": {"a": 1e999}}', '{"row": 1}'.encode("u16")],
)
def test_what_is_no_plain_json_is_not_read(body: bytes) -> None:
    assert quick_table(body) is None


@given(st.uuids(version=4), st.integers(0, MAX_ROWS))
def test_ids_of_a_request_are_uuids_and_each_row_has_its_own(seed: UUID, row: int) -> None:
    ids = {quick_id(str(seed), row), quick_id(str(seed), row + 1)}
    assert len(ids) == 2
    assert all(UUID(one).version == 4 for one in ids)
