"""Parquet: every type and encoding comes out as it went in, piece by piece; damage is said."""

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from arro3.core import Array, DataType, Field, Schema, Table, list_array
from arro3.io import write_parquet
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine import DataLoadError
from modelwright.engine.parquet import ParquetPieces

LISTS = DataType.list(Field("item", DataType.int64(), nullable=True))
HOUR = 3_600_000_000  # microseconds
ZONE = DataType.timestamp("us", tz="Europe/Berlin")
NOON = pd.Timestamp("1970-01-01 12:00", tz="UTC").tz_convert("Europe/Berlin")

# what is written (of times: their number), and what a table then holds (None: missing)
TYPES: dict[str, tuple[DataType, list[Any], list[Any], str]] = {
    "int": (DataType.int64(), [1, -2], [1, -2], "int64"),
    "int_missing": (DataType.int32(), [1, None], [1.0, None], "float64"),
    "float": (DataType.float32(), [1.5, None], [1.5, None], "float64"),
    "truth": (DataType.bool(), [True, False], [True, False], "bool"),
    "truth_missing": (DataType.bool(), [True, None], [True, None], "object"),
    "text": (DataType.string(), ["Köln", None], ["Köln", None], "str"),
    "bytes": (DataType.binary(), [b"ab", b"\xff"], ["ab", "\\xff"], "str"),
    "time": (ZONE, [12 * HOUR, None], [NOON, None], "datetime64[us, Europe/Berlin]"),
    "no_zone": (
        DataType.timestamp("ms"), [0, None], [pd.Timestamp("1970-01-01"), None], "datetime64[ms]",
    ),
    "day": (DataType.date32(), [1, None], [pd.Timestamp("1970-01-02"), None], "datetime64[ms]"),
    "time_of_day": (DataType.time64("us"), [7 * HOUR, None], ["07:00:00", None], "str"),
    "duration": (
        DataType.duration("us"), [HOUR, None], [pd.Timedelta(hours=1), None], "timedelta64[us]",
    ),
    "decimal": (DataType.decimal128(9, 2), [5, None], [5.0, None], "float64"),
}  # fmt: skip


def written(table: Table, **options: Any) -> bytes:
    """Return a Parquet file."""
    file = io.BytesIO()
    write_parquet(table, file, **options)
    return file.getvalue()


def table_of(columns: dict[str, tuple[DataType, list[Any]]]) -> Table:
    """Return a table of Arrow."""
    return Table.from_arrays(
        [array_of(kind, values) for kind, values in columns.values()],
        schema=Schema([Field(name, kind) for name, (kind, _) in columns.items()]),
    )


def array_of(kind: DataType, values: list[Any]) -> Array:
    """Return a column of Arrow; lists of one number each where the type is a list."""
    if DataType.is_list(kind):
        offsets = Array(list(range(len(values) + 1)), DataType.int32())
        return list_array(offsets, Array(values, DataType.int64()), type=kind)
    if DataType.is_temporal(kind) or DataType.is_decimal(kind):
        small = DataType.is_date32(kind)
        return Array(values, DataType.int32() if small else DataType.int64()).cast(kind)
    return Array(values, kind)


def plain(series: pd.Series) -> list[Any]:
    """Return a column's values with None for what is missing."""
    return [None if pd.isna(value) else value for value in series.tolist()]


@pytest.mark.parametrize("name", TYPES)
def test_each_type_comes_out_as_pandas_would_have_it(name: str) -> None:
    kind, values, expected, dtype = TYPES[name]
    (piece,) = ParquetPieces(written(table_of({name: (kind, values)})))
    assert str(piece[name].dtype) == dtype
    assert plain(piece[name]) == expected


@settings(max_examples=25)
@given(
    values=st.lists(st.none() | st.integers(-(2**53), 2**53), min_size=1, max_size=50),
    words=st.lists(st.none() | st.text(max_size=5), min_size=50, max_size=50),
    version=st.sampled_from(["parquet_1_0", "parquet_2_0"]),
    packing=st.sampled_from(["uncompressed", "snappy", "zstd(3)", "gzip(6)", "brotli(3)"]),
    dictionary=st.booleans(),
    group=st.integers(1, 20),
    piece_rows=st.integers(1, 60),
)
def test_pieces_put_together_are_the_table_however_it_was_written(
    values: list[int | None], words: list[str | None], version: str, packing: str,
    dictionary: bool, group: int, piece_rows: int,
) -> None:  # fmt: skip
    words = words[: len(values)]
    table = table_of({"n": (DataType.int64(), values), "w": (DataType.string(), words)})
    data = written(
        table, writer_version=version, compression=packing, dictionary_enabled=dictionary,
        max_row_group_size=group,
    )  # fmt: skip
    pieces = list(ParquetPieces(data, piece_rows=piece_rows))
    assert max(map(len, pieces)) <= piece_rows
    whole = pd.concat(pieces, ignore_index=True)
    assert plain(whole["n"]) == values
    assert plain(whole["w"]) == words


@pytest.mark.parametrize(
    "encoding", ["delta_binary_packed", "delta_length_byte_array", "byte_stream_split"]
)
def test_rarer_encodings_are_read_too(encoding: str) -> None:
    text = encoding == "delta_length_byte_array"
    values = [f"w{i}" for i in range(500)] if text else [i * 3_600_000_000 for i in range(500)]
    table = table_of({"c": (DataType.string() if text else DataType.int64(), values)})
    data = written(table, encoding=encoding, dictionary_enabled=False)
    assert pd.concat(list(ParquetPieces(data)))["c"].tolist() == values


def test_lists_are_left_out_and_named() -> None:
    table = table_of({"n": (DataType.int64(), [1]), "l": (LISTS, [1])})
    pieces = ParquetPieces(written(table))
    assert (pieces.columns, pieces.left_out) == (("n",), ("l",))
    assert [list(piece.columns) for piece in pieces] == [["n"]]


def test_the_nameless_index_of_pandas_is_no_column() -> None:
    table = table_of({"__index_level_0__": (DataType.int64(), [7]), "n": (DataType.int64(), [1])})
    assert ParquetPieces(written(table)).columns == ("n",)


def test_a_name_that_appears_twice_is_refused() -> None:
    table = table_of({"n": (DataType.int64(), [1]), "n ": (DataType.int64(), [1])})
    with pytest.raises(DataLoadError, match="'n' appears more than once"):
        ParquetPieces(written(table))


def test_damage_is_said_with_the_files_name() -> None:
    whole = written(table_of({"n": (DataType.int64(), list(range(1000)))}), compression="snappy")
    for damaged in (whole[:-20], b"PAR1" + bytes(40) + b"PAR1", whole[:200] + whole[300:], b""):
        with pytest.raises(DataLoadError, match=r"'t\.parquet' is damaged"):
            np.sum([len(piece) for piece in ParquetPieces(damaged, name="t.parquet")])
