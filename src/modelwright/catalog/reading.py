"""Reading tables in a process of their own: the server itself never opens a user's file.

The reader has limits on memory and time; a file that breaks it breaks nothing else.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from modelwright.catalog.errors import DataSetRefusedError, ReaderBusyError

READERS = 2  # at once, in one server process: each may take as much memory as a job
WAIT_SECONDS = 60.0
READ_SECONDS = 120.0
GATHER_SECONDS = 1800.0
"""Nobody waits for it in a request."""
READER = "modelwright.catalog.reader"
_free = threading.BoundedSemaphore(READERS)


@dataclass(frozen=True)
class Reading:
    """What is known of a table that was read.

    Parameters
    ----------
    encoding, delimiter : str
        As `modelwright.engine.Table` has them.
    sha256 : str
        Of the bytes that were read.
    size_bytes, row_count : int
    columns : list of dict
        Name, dtype, missing, distinct, kind and suggested task of each.
    profile : dict
        As `catalog.profile.profile_of` gives it.
    preview : dict
        The first rows.
    warnings : list of str
        What the user should know.
    """

    encoding: str
    delimiter: str
    sha256: str
    size_bytes: int
    row_count: int
    columns: list[dict[str, Any]]
    profile: dict[str, Any]
    preview: dict[str, Any]
    warnings: list[str]


def table_read(path: Path, *, name: str, copy_to: Path | None = None) -> Reading:
    """Read a whole table and profile it.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What messages call it.
    copy_to : Path, optional
        Copy it there first, and read the copy.

    Raises
    ------
    DataSetRefusedError
        It is no table that can be used.
    ReaderBusyError
        All readers are taken.
    """
    return Reading(**_ask(path, name, copy_to=None if copy_to is None else str(copy_to)))


def target_read(path: Path, *, name: str, target: str) -> dict[str, Any]:
    """Find out how the columns of a table go with one of them. Raises as `table_read`."""
    return _ask(path, name, target=target)


@dataclass(frozen=True)
class Gathering:
    """How a table is put together of another one and the rows that came later.

    Parameters
    ----------
    rows : Path
        The later rows, as `engine.later_rows.rows_line` writes them, newest first.
    target : str
        The column that their truth goes into.
    write_to : Path
        Where the table is written, as Parquet.
    earlier : Path, optional
        A table that was put together before.
    are_labels : bool
        The truths are classes.
    only_later : bool
        The first table's own rows are left out.
    """

    rows: Path
    target: str
    write_to: Path
    earlier: Path | None = None
    are_labels: bool = False
    only_later: bool = False


def table_gather(path: Path, *, name: str, gathering: Gathering) -> tuple[Reading, int]:
    """Write a table with the rows that came later; return what it is, and how many those are.

    Raises as `table_read`.
    """
    places = {
        key: None if getattr(gathering, key) is None else str(getattr(gathering, key))
        for key in ("rows", "write_to", "earlier")
    }
    asked = {**asdict(gathering), **places}
    found = _ask(path, name, seconds=GATHER_SECONDS, gather=asked)
    later = found.pop("later_rows")
    return Reading(**found), later


def _ask(path: Path, name: str, *, seconds: float | None = None, **more: Any) -> dict[str, Any]:
    question = {
        "path": str(path),
        "name": name,
        "memory_mb": settings.JOB_MEMORY_LIMIT_MB,
        "limits": {
            "max_bytes": settings.TABLE_MAX_BYTES,
            "max_rows": settings.TABLE_MAX_ROWS,
            "max_columns": settings.TABLE_MAX_COLUMNS,
        },
        **more,
    }
    with _reader():
        answer = _run(question, name, seconds or READ_SECONDS)
    if "error" in answer:
        raise DataSetRefusedError(answer["error"])
    found: dict[str, Any] = answer["ok"]
    return found


@contextmanager
def _reader() -> Iterator[None]:
    if not _free.acquire(timeout=WAIT_SECONDS):
        raise ReaderBusyError(
            "The server is reading other tables: try again in a moment.", retry_after=10
        )
    try:
        yield
    finally:
        _free.release()


def _run(question: Mapping[str, Any], name: str, seconds: float) -> dict[str, Any]:
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH")
    environment = {key: os.environ[key] for key in kept if key in os.environ}
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    try:
        done = subprocess.run(  # noqa: S603  (our own module, nothing of the user's in the words)
            [sys.executable, "-m", READER],
            input=json.dumps(question).encode(),
            capture_output=True,
            env={**environment, **threads},
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DataSetRefusedError(
            f"File '{name}' could not be read within {seconds:g} s: leave out rows or columns."
        ) from error
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise DataSetRefusedError(
            f"File '{name}' could not be read: it needs more memory than the server allows, or is"
            " damaged. Leave out rows or columns, or export it again as CSV in UTF-8."
        ) from error
    return answer
