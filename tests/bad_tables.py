"""Tables that can't be trained on, each with the words that its error must say.

Shared by the engine's tests and those over HTTP: `BAD_TABLES` maps a name to the bytes of a file
and the words that must be in the message when the *future skills* preset is trained on it.
`GENERAL_BAD_TABLES` are for a training without preset, with its target column. `ODD_TABLES` look
bad and must work.
"""

import bz2
import gzip
import io
import lzma
import pickle
import random
import zipfile
from collections.abc import Callable

from modelwright.engine.samples import COLUMNS, future_skills_csv, future_skills_table

TARGET = "future_need_level"
GOOD = future_skills_csv()
LINES = GOOD.decode().splitlines()
HEADER, ROWS = LINES[0], LINES[1:]


def table_of(rows: list[str], header: str = HEADER) -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode()


def _with_column(name: str, change: Callable[[int, str], str]) -> bytes:
    """Return the sample table with the cells of one column changed."""
    index = COLUMNS.index(name)
    rows = []
    for number, line in enumerate(ROWS):
        cells = line.split(",")
        cells[index] = change(number, cells[index])
        rows.append(",".join(cells))
    return table_of(rows)


def _without_columns(*names: str) -> bytes:
    kept = [i for i, column in enumerate(COLUMNS) if column not in names]
    rows = [",".join(line.split(",")[i] for i in kept) for line in ROWS]
    return table_of(rows, ",".join(COLUMNS[i] for i in kept))


def _row(number: int, line: str) -> bytes:
    """Return the sample table with row `number` (the header is row 1) replaced."""
    rows = list(ROWS)
    rows[number - 2] = line
    return table_of(rows)


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.csv", GOOD)
    return file.getvalue()


def _only(label: str, rows: int) -> list[str]:
    return [line for line in ROWS if line.endswith(f",{label}")][:rows]


def _json() -> bytes:
    rows = future_skills_table()[:3]
    return ("[" + ",".join(str(dict(row)).replace("'", '"') for row in rows) + "]").encode()


_RANDOM = random.Random(5)
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(_RANDOM.randrange(256) for _ in range(500))

BAD_TABLES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    # nothing in it
    "empty": (b"", ("empty",)),
    "only_whitespace": (b"  \n \t \r\n\n", ("empty", "blanks")),
    "only_a_byte_order_mark": (b"\xef\xbb\xbf", ("empty",)),
    "only_quotes": (b'""\n""\n', ("empty",)),
    "header_only": (HEADER.encode() + b"\n", ("no rows",)),
    "header_without_line_end": (HEADER.encode(), ("no rows",)),
    "header_and_blank_lines": (HEADER.encode() + b"\n\n\n\n", ("no rows",)),
    # another kind of file
    "zip": (_zip(), ("zip", "CSV")),
    "gzip": (gzip.compress(GOOD), ("gzip", "unpack")),
    "bzip2": (bz2.compress(GOOD), ("bzip2", "unpack")),
    "xz": (lzma.compress(GOOD), ("xz", "unpack")),
    "pickle": (pickle.dumps({"a": [1, 2]}, protocol=4), ("pickle", "never opened")),
    "png": (_PNG, ("PNG", "CSV")),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF" + _PNG, ("JPEG",)),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", ("PDF", "CSV")),
    "sqlite": (b"SQLite format 3\x00" + bytes(100), ("SQLite",)),
    "old_excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ("Excel", "CSV")),
    "numpy_array": (b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'}", ("NumPy",)),
    "parquet_damaged": (b"PAR1" + bytes(50) + b"PAR1", ("Parquet",)),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(64), ("program",)),
    "html_page": (b"<!DOCTYPE html>\n<html><body>Not found</body></html>", ("web page", "HTML")),
    "xml": (b'<?xml version="1.0"?>\n<rows><row/></rows>', ("XML",)),
    "json_file": (_json(), ("JSON", "CSV")),
    "json_lines": (b'{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n', ("JSON",)),
    "binary": (bytes(range(256)) * 20, ("binary",)),
    # text, but damaged
    "nul_bytes": (GOOD.replace(b"Data,", b"Da\x00ta,", 1), ("NUL", "row")),
    "control_characters": (GOOD.replace(b"Data,", b"Da\x07ta,", 1), ("control characters", "row")),
    "wrong_encoding": (GOOD.replace(b"Data,", b"D\x81\x9dta,", 1), ("encoding", "row", "UTF-8")),
    "utf16_without_mark": (GOOD.decode().encode("utf-16-le"), ("UTF-16", "mark", "UTF-8")),
    "utf16_big_endian_without_mark": (GOOD.decode().encode("utf-16-be"), ("UTF-16", "UTF-8")),
    "utf16_cut_off": (GOOD.decode().encode("utf-16")[:2001], ("UTF-16", "damaged")),
    "unterminated_quote": (_row(20, '"' + ROWS[18]), ("row 20", "quote", "never closed")),
    "text_after_quote": (_row(20, '"a"b' + ROWS[18]), ("row 20", "quote")),
    "row_too_short": (_row(20, "a,b,c"), ("Row 20", "3 cells", "header has 12")),
    "row_too_long": (_row(20, ROWS[18] + ",x"), ("Row 20", "13 cells", "header has 12")),
    "ragged_rows": (table_of([r + ",x" * (i % 3) for i, r in enumerate(ROWS)]), ("Row 3", "cells")),
    "huge_cell": (_row(20, ROWS[18].replace(",", "x" * 40_000 + ",", 1)), ("row 20", "40,0")),
    "enormous_cell": (_row(20, ROWS[18].replace(",", "x" * 200_000 + ",", 1)), ("row 20", "limit")),
    "many_columns": (
        (",".join(f"c{i}" for i in range(10_000)) + "\n" + ",".join("1" * 10_000)).encode(),
        ("10,000 columns", "limit"),
    ),
    "long_column_name": (GOOD.replace(b"skill_name", b"s" * 3000, 1), ("column name", "3,000")),
    # a header that names no columns
    "duplicate_columns": (
        GOOD.replace(b"skill_category", b"skill_name", 1),
        ("'skill_name'", "more than once", "rename"),
    ),
    "duplicate_columns_but_for_blanks": (
        GOOD.replace(b"skill_category", b" skill_name ", 1),
        ("'skill_name'", "more than once"),
    ),
    "empty_column_name": (GOOD.replace(b"skill_category", b"", 1), ("Column 3", "no name")),
    "no_header": (table_of(ROWS[1:], ROWS[0]), (f"'{TARGET}' not found", "Available columns")),
    # the target
    "target_missing": (
        _without_columns(TARGET),
        (f"Target column '{TARGET}' not found in dataset. Available columns: job_role_name",),
    ),
    "target_empty": (_with_column(TARGET, lambda _n, _c: ""), (TARGET, "no valid rows")),
    "target_of_other_case": (
        _with_column(TARGET, lambda _n, c: c.lower()),
        ("No valid rows", TARGET, "LOW", "'high'"),
    ),
    "all_labels_invalid": (
        _with_column(TARGET, lambda n, _c: f"level {n % 9}"),
        ("No valid rows", TARGET, "'level 0'", "more values"),
    ),
    "labels_are_numbers": (
        _with_column(TARGET, lambda n, _c: str(n % 3)),
        ("No valid rows", TARGET, "'0'"),
    ),
    "one_class": (table_of(_only("HIGH", 100)), (TARGET, "one class", "HIGH")),
    "one_row_of_a_class": (
        table_of(_only("HIGH", 50) + _only("LOW", 50) + _only("MEDIUM", 1)),
        ("'MEDIUM'", "only 1 row", "at least 2"),
    ),
    "one_row": (table_of(ROWS[:1]), (TARGET, "one class")),
    "too_few_rows": (
        table_of(_only("HIGH", 2) + _only("LOW", 2) + _only("MEDIUM", 2)),
        ("Too few rows", "6"),
    ),
    # the features
    "only_the_target": (_without_columns(*COLUMNS[:-1]), ("No feature columns", "Needed")),
    "only_unknown_columns": (
        table_of([f"{i},{r.split(',')[-1]}" for i, r in enumerate(ROWS)], f"other,{TARGET}"),
        ("No feature columns", "job_role_name", "Available columns: other"),
    ),
    "all_features_empty": (
        table_of(["," * 11 + line.split(",")[-1] for line in ROWS]),
        ("No usable feature columns", "no values"),
    ),
    "infinite": (
        _with_column("trend_score", lambda n, c: "inf" if n == 5 else c),
        ("'trend_score'", "row 7", "infinite"),
    ),
    "minus_infinity": (
        _with_column("avg_salary_k", lambda n, c: "-Infinity" if n == 0 else c),
        ("'avg_salary_k'", "row 2", "infinite"),
    ),
    "overflowing_number": (
        _with_column("avg_salary_k", lambda n, c: "1e400" if n == 9 else c),
        ("'avg_salary_k'", "row 11", "infinite"),
    ),
    "number_too_large": (
        _with_column("avg_salary_k", lambda n, c: "1e300" if n == 9 else c),
        ("'avg_salary_k'", "row 11", "too large"),
    ),
    "words_among_numbers": (
        _with_column("scarcity_index", lambda n, c: f"word{n}" if n > 9 else c),
        ("'scarcity_index'", "must hold numbers", "row 12", "'word10'"),
    ),
}

GENERAL_BAD_TABLES: dict[str, tuple[bytes, str, str | None, tuple[str, ...]]] = {
    # name: file, target column, task, words
    "target_is_an_identifier": (
        table_of([f"u{i},{i % 7}" for i in range(60)], "user,x"),
        "user",
        None,
        ("'user'", "60 different values", "identifier"),
    ),
    "only_the_target_column": (table_of(["a", "b"] * 20, "y"), "y", None, ("only the target",)),
    "only_identifiers": (
        table_of([f"u{i},{'ab'[i % 2]}" for i in range(60)], "user,y"),
        "y",
        None,
        ("No usable feature columns", "'user'"),
    ),
    "only_constants": (
        table_of([f"7,x,{'ab'[i % 2]}" for i in range(60)], "c,d,y"),
        "y",
        None,
        ("No usable feature columns", "same value"),
    ),
    "copy_of_the_target": (
        table_of([f"{'ab'[i % 2]},{'ab'[i % 2]}" for i in range(60)], "copy,y"),
        "y",
        None,
        ("'copy'", "equals the target"),
    ),
    "regression_on_words": (
        table_of([f"{i % 7},{'ab'[i % 2]}" for i in range(60)], "x,y"),
        "y",
        "regression",
        ("'y'", "row 2", "no finite number"),
    ),
    "regression_on_infinity": (
        table_of([f"{i % 7},{'inf' if i == 3 else i * 1.5}" for i in range(60)], "x,y"),
        "y",
        "regression",
        ("'y'", "row 5", "no finite number"),
    ),
    "regression_on_one_value": (
        table_of([f"{i % 7},3" for i in range(60)], "x,y"),
        "y",
        "regression",
        ("'y'", "only one value"),
    ),
    "regression_on_few_rows": (
        table_of([f"{i % 7},{i}" for i in range(6)], "x,y"),
        "y",
        "regression",
        ("Too few rows", "at least 10"),
    ),
}


def _carriage_returns() -> bytes:
    return GOOD.replace(b"\n", b"\r")


ODD_TABLES: dict[str, bytes] = {
    "carriage_returns_only": _carriage_returns(),
    "windows_line_ends": GOOD.replace(b"\n", b"\r\n"),
    "no_last_line_end": GOOD.rstrip(b"\n"),
    "blank_lines_between": GOOD.replace(b"\n", b"\n\n"),
    "utf8_with_mark": b"\xef\xbb\xbf" + GOOD,
    "utf16_with_mark": GOOD.decode().encode("utf-16"),
    "utf32_with_mark": GOOD.decode().encode("utf-32"),
    "windows_1252": GOOD.replace(b"Data Analyst", "Développeur".encode("cp1252")),
    "semicolons": GOOD.replace(b",", b";"),
    "tabs": GOOD.replace(b",", b"\t"),
    "pipes": GOOD.replace(b",", b"|"),
    "decimal_commas": GOOD.replace(b",", b";").replace(b".", b","),
    "quoted": "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in LINES
    ).encode(),
    "delimiter_at_every_line_end": GOOD.replace(b"\n", b",\n"),
    "blanks_around_names": GOOD.replace(b"skill_name,", b" skill_name ,", 1),
    "a_column_empty": _with_column("internal_usage", lambda _n, _c: ""),
    "missing_cells": _with_column("trend_score", lambda n, c: "" if n % 9 == 0 else c),
    "missing_texts": _with_column("skill_name", lambda n, c: "" if n % 9 == 0 else c),
    "some_labels_invalid": _with_column(TARGET, lambda n, c: "?" if n % 9 == 0 else c),
    "a_column_missing": _without_columns("trend_score"),
    "numbers_as_text_column": _with_column("job_department", lambda n, _c: str(n % 5)),
    "dash_for_missing": _with_column("trend_score", lambda n, c: "-" if n % 30 == 0 else c),
}
