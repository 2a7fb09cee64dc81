"""Importing a file of readings, in chunks, with a progress bar."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import Progress, TaskID

from modelwright.catalog.errors import ReadingsRefusedError
from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_files import PARQUET, feed_for
from modelwright.catalog.ingest_parquet import feed_parquet
from modelwright.catalog.ingest_rows import RowCollector, RowError
from modelwright.catalog.models import Machine
from modelwright.cli.following import progress_bar

CHUNK_ROWS = 50_000
NO_LIMIT = 2**62


@dataclass
class Imported:
    """What became of a file so far."""

    accepted: int = 0
    updated: int = 0
    rejected: int = 0
    rows: int = 0
    errors: list[RowError] = field(default_factory=list)


def readings_check(path: Path) -> Imported:
    """Read a whole file and store nothing; return what is wrong with it.

    Raises
    ------
    ReadingsRefusedError
        As a whole it can't be used.
    """
    collector, found = RowCollector(NO_LIMIT), Imported()
    with _progress(f"Checking {path.name}") as (progress, task):
        for done, total in _feed(path, collector):
            collector.take_out()
            progress.update(task, completed=done, total=total)
    _note(found, collector)
    if not collector.seen:
        raise ReadingsRefusedError(f"{path.name} has no rows.")
    return found


def readings_import(path: Path, machine: Machine, done: Imported) -> None:
    """Store the good rows of a file, `CHUNK_ROWS` at a time; `done` is kept up to date.

    Each chunk is a batch of its own: a file that was broken off is gone on with by importing it
    again, which passes over what is there.

    Raises
    ------
    ReadingsRefusedError
        As a whole it can't be used.
    """
    collector = RowCollector(NO_LIMIT)
    with _progress(f"Importing {path.name}") as (progress, task):
        for at, total in _feed(path, collector):
            if collector.waiting >= CHUNK_ROWS:
                _store(machine, collector, done)
                progress.update(task, completed=at, total=total)
        _store(machine, collector, done)
    if not collector.seen:
        raise ReadingsRefusedError(f"{path.name} has no rows.")


def _store(machine: Machine, collector: RowCollector, done: Imported) -> None:
    _note(done, collector)
    if not collector.waiting:
        return
    stored = readings_store(machine=machine, rows=collector.take_out(), user=None)
    done.accepted += stored.accepted
    done.updated += stored.updated


def _note(done: Imported, collector: RowCollector) -> None:
    done.rows, done.rejected, done.errors = collector.seen, collector.rejected, collector.errors


def _feed(path: Path, collector: RowCollector) -> Iterator[tuple[int, int | None]]:
    """Read a file, yielding after each piece how far it is, and of how much where that is known."""
    if path.name.lower().endswith(PARQUET):
        for _ in feed_parquet(path, collector):
            yield collector.seen, None
        return
    feed, size = feed_for(path.name), path.stat().st_size
    with path.open("rb") as file:
        for _ in feed(file, collector, NO_LIMIT):
            yield file.tell(), size


@contextlib.contextmanager
def _progress(title: str) -> Iterator[tuple[Progress, TaskID]]:
    with progress_bar() as bar:
        yield bar, bar.add_task(title, total=None)
