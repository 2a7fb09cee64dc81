"""The process that opens a user's file: `python -m modelwright.catalog.reader`.

It is asked one question as JSON on its standard input and answers with `{"ok": …}` or
`{"error": "…"}`. It has no database and knows no secret.
"""

import ctypes
import json
import os
import resource
import signal
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from modelwright.catalog.preview import preview_of
from modelwright.catalog.profile import columns_of, profile_of
from modelwright.catalog.target_profile import target_profile_of
from modelwright.engine.config import TableLimits
from modelwright.engine.errors import DataLoadError
from modelwright.engine.gathered import Gathered, gathered_keys, gathered_write, rows_gather
from modelwright.engine.later_rows import rows_read
from modelwright.engine.results import plain
from modelwright.engine.tables import Table, read_table

PR_SET_PDEATHSIG = 1
PIECE_BYTES = 1024 * 1024


def answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to one question; what is wrong with the file is an answer too."""
    limits = TableLimits(**question["limits"])
    try:
        path = Path(question["path"])
        if copy_to := question.get("copy_to"):
            path = _copy(path, Path(copy_to), limits, question["name"])
        table = read_table(path, limits=limits, display_name=question["name"])
        if gather := question.get("gather"):
            return {"ok": _gathered(table, gather, limits, question["name"])}
        if target := question.get("target"):
            return {"ok": target_profile_of(table, target)}
        return {"ok": _reading(table, path)}
    except DataLoadError as error:
        return {"error": error.message}
    except MemoryError:
        return {
            "error": (
                f"File '{question['name']}' needs more memory than the server allows: leave out"
                " rows or columns."
            )
        }


def _reading(table: Table, path: Path) -> dict[str, Any]:
    columns = columns_of(table)
    return {
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "sha256": table.sha256,
        "size_bytes": path.stat().st_size,
        "row_count": len(table.frame),
        "columns": columns,
        "profile": profile_of(table, columns),
        "preview": preview_of(table.frame),
        "warnings": list(table.warnings),
    }


def _gathered(
    table: Table, gather: Mapping[str, Any], limits: TableLimits, name: str
) -> dict[str, Any]:
    """Write the table with the rows that came later, and read what was written."""
    earlier = None
    if gather["earlier"]:
        path = Path(gather["earlier"])
        before = read_table(path, limits=limits, display_name=name)
        earlier = Gathered(before.frame, gathered_keys(path))
    found = rows_gather(
        table.frame,
        list(rows_read(Path(gather["rows"])))[::-1],
        gather["target"],
        earlier=earlier,
        are_labels=gather["are_labels"],
        only_later=gather["only_later"],
        max_rows=limits.max_rows,
    )
    written = Path(gather["write_to"])
    try:
        gathered_write(found, written)
    except OSError as error:
        raise DataLoadError(f"The table can't be stored: {error.strerror}.") from error
    again = read_table(written, limits=limits, display_name=name)
    return {"later_rows": len(found.keys), **_reading(again, written)}


def _copy(source: Path, target: Path, limits: TableLimits, name: str) -> Path:
    """Copy a regular file; of anything else return the source: reading it says what is wrong."""
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return source
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > limits.max_bytes:
        os.close(descriptor)
        return source
    with os.fdopen(descriptor, "rb") as reading:
        try:
            with target.open("wb") as writing:
                _pour(reading, writing, limits.max_bytes)
        except OSError as error:
            raise DataLoadError(f"File '{name}' can't be stored: {error.strerror}.") from error
    return target


def _pour(reading: BinaryIO, writing: BinaryIO, most: int) -> None:
    """Copy at most a byte more than is allowed: a file that grows meanwhile is refused later."""
    left = most + 1
    while left > 0 and (piece := reading.read(min(PIECE_BYTES, left))):
        writing.write(piece)
        left -= len(piece)
    writing.flush()
    os.fsync(writing.fileno())


def _storable(value: Any) -> Any:
    """Take out what no database can hold as text: Parquet may have NUL in its strings."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_storable(key): _storable(entry) for key, entry in value.items()}
    return [_storable(entry) for entry in value] if isinstance(value, list) else value


def _settle(memory_mb: int) -> None:
    """End with the server, stay within the memory allowed, leave no core file."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        ceiling = psutil.Process().memory_info().data + memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (ceiling, ceiling))


def main() -> None:
    """Read the question, write the answer."""
    question = json.load(sys.stdin)
    _settle(question["memory_mb"])
    json.dump(_storable(plain(answer(question))), sys.stdout, allow_nan=False)


if __name__ == "__main__":
    main()
