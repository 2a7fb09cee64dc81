"""Rows of readings as they are sent, checked and gathered into columns.

Rows come as JSON objects (a list, or one a line) or as CSV. Each has a `timestamp` and numbers by
channel. A row with something wrong in it is left out and reported by its number: lines after the
header for CSV, lines for JSON lines, from 1.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from modelwright.catalog.errors import ReadingsRefusedError
from modelwright.catalog.ingest_columns import (
    Faults,
    faults_of_sizes,
    numbers_of_json,
    numbers_of_text,
    shown,
    times_of,
)
from modelwright.engine.machines.series import KNOWN_CHANNELS, Times, Values

TIMESTAMP = "timestamp"
MAX_CHANNELS = 100
SHOWN_ERRORS = 100
CHANNEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class RowError:
    """Why a row was not taken. `row` is None for the line that says how many more there are."""

    row: int | None
    error: str


@dataclass(frozen=True)
class Rows:
    """Good rows as columns, in the order in which they came, and what was wrong with the others.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Milliseconds UTC; may repeat and go back.
    channels : mapping
        Name -> ndarray of float64, shape (n,); NaN where nothing was read.
    rejected : int
        Bad rows.
    errors : tuple of RowError
        The first `SHOWN_ERRORS` of them.
    """

    times: Times
    channels: Mapping[str, Values]
    rejected: int = 0
    errors: tuple[RowError, ...] = ()


@dataclass
class RowCollector:
    """Takes rows in chunks; `rows` gives what came together.

    Parameters
    ----------
    max_rows : int
        More are refused as a whole.
    """

    max_rows: int
    seen: int = 0
    rejected: int = 0
    errors: list[RowError] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    _times: list[Times] = field(default_factory=list)
    _columns: list[dict[str, Values]] = field(default_factory=list)

    def take_objects(self, objects: Sequence[Any], numbers: Sequence[int]) -> None:
        """Take JSON values, whatever they are, with the numbers of their rows."""
        self._count(len(objects))
        if set(map(type, objects)) != {dict}:
            self._refuse_others(objects, numbers)
            kept = [i for i, row in enumerate(objects) if isinstance(row, dict)]
            objects, numbers = [objects[i] for i in kept], [numbers[i] for i in kept]
        if not objects:
            return
        names = set().union(*objects) - {TIMESTAMP}
        self._check_channels(names)
        times, faults = times_of([row.get(TIMESTAMP) for row in objects])
        columns: dict[str, Values] = {}
        for name in names:
            cells = [row.get(name) for row in objects]
            columns[name], more = numbers_of_json(name, cells)
            faults = {**more, **faults}
        for i, row in enumerate(objects):
            if len(row) < 2 and i not in faults:
                faults[i] = "The row has no channel, only a timestamp."
        self._keep(times, columns, faults, numbers)

    def _refuse_others(self, objects: Sequence[Any], numbers: Sequence[int]) -> None:
        for row, number in zip(objects, numbers, strict=True):
            if not isinstance(row, dict):
                self._refuse(number, f"A row must be a JSON object, not {shown(row)}.")

    def take_cells(self, header: Sequence[str], cells: Sequence[list[str]], start: int) -> None:
        """Take lines of CSV, the first of which is row `start`; empty lines are passed over."""
        numbers: Sequence[int] = range(start, start + len(cells))
        if {len(line) for line in cells} != {len(header)}:
            cells, numbers = self._whole_lines(header, cells, numbers)
        self._count(len(cells))
        if not cells:
            return
        by_name = dict(zip(header, zip(*cells, strict=True), strict=True))
        times, faults = times_of([cell.strip() for cell in by_name.pop(TIMESTAMP)])
        columns: dict[str, Values] = {}
        for name, column in by_name.items():
            columns[name], more = numbers_of_text(name, column)
            faults = {**more, **faults}
        self._keep(times, columns, faults, numbers)

    def _whole_lines(
        self, header: Sequence[str], cells: Sequence[list[str]], numbers: Sequence[int]
    ) -> tuple[list[list[str]], list[int]]:
        kept, kept_numbers = [], []
        for line, number in zip(cells, numbers, strict=True):
            if len(line) == len(header):
                kept.append(line)
                kept_numbers.append(number)
            elif line:
                self.refuse_row(
                    number, f"The row has {len(line)} cells but the header has {len(header)}."
                )
        return kept, kept_numbers

    def check_header(self, names: Sequence[str]) -> None:
        """Refuse a header without a timestamp or channels, or with names that can't be.

        Raises
        ------
        ReadingsRefusedError
        """
        if not any(names):
            raise ReadingsRefusedError("There are no rows: send a header and at least one.")
        if TIMESTAMP not in names:
            raise ReadingsRefusedError(
                f"The header has no column 'timestamp': it has {', '.join(map(shown, names[:20]))}."
            )
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ReadingsRefusedError(f"The header has {shown(twice)} twice: rename one of them.")
        if len(names) < 2:
            raise ReadingsRefusedError("The header has no channel beside 'timestamp'.")
        self._check_channels(set(names) - {TIMESTAMP})

    def _check_channels(self, names: set[str]) -> None:
        self.names |= names
        if len(self.names) > MAX_CHANNELS:
            raise ReadingsRefusedError(
                f"The rows have more than {MAX_CHANNELS} channels: send fewer."
            )
        for name in names:
            if not CHANNEL_NAME.fullmatch(name):
                raise ReadingsRefusedError(
                    f"{shown(name)} is no name for a channel: use letters, digits and _ . -, a"
                    " letter first, at most 64 characters."
                )

    def _count(self, rows: int) -> None:
        self.seen += rows
        if self.seen > self.max_rows:
            raise ReadingsRefusedError(
                f"There are more than {self.max_rows:,} rows: send them in several batches."
            )

    def refuse_row(self, number: int, why: str) -> None:
        """Take a row that is none at all."""
        self._count(1)
        self._refuse(number, why)

    def _refuse(self, number: int, why: str) -> None:
        self.rejected += 1
        if len(self.errors) < SHOWN_ERRORS:
            self.errors.append(RowError(number, why))

    def _keep(
        self, times: Times, columns: dict[str, Values], faults: Faults, numbers: Sequence[int]
    ) -> None:
        if faults:
            for i in sorted(faults):
                self._refuse(numbers[i], faults[i])
            good = np.ones(times.size, dtype=bool)
            good[list(faults)] = False
            times = times[good]
            columns = {name: values[good] for name, values in columns.items()}
        self._times.append(times)
        self._columns.append(columns)

    def take_arrays(
        self, times: Times, columns: Mapping[str, Values], faults: Faults, start: int
    ) -> None:
        """Take columns, of which row `start` is the first; `faults` are those of the times."""
        self._count(times.size)
        self._check_channels(set(columns))
        faults = {**faults_of_sizes(columns), **faults}
        self._keep(times, dict(columns), faults, range(start, start + times.size))

    @property
    def waiting(self) -> int:
        """How many good rows `take_out` would give."""
        return sum(times.size for times in self._times)

    def take_out(self) -> Rows:
        """Return the good rows since the last call; errors stay here, for all of them."""
        rows = self._joined()
        self._times, self._columns = [], []
        return rows

    def rows(self) -> Rows:
        """Return what was taken so far.

        Raises
        ------
        ReadingsRefusedError
            That is nothing at all.
        """
        if not self.seen:
            raise ReadingsRefusedError("There are no rows: send at least one.")
        self.errors.sort(key=lambda error: error.row or 0)
        found = self._joined()
        return Rows(found.times, found.channels, self.rejected, tuple(self.errors))

    def _joined(self) -> Rows:
        names = sorted({name for columns in self._columns for name in columns}, key=_known_first)
        channels = {}
        for name in names:
            parts = [
                columns.get(name, np.full(times.size, np.nan))
                for times, columns in zip(self._times, self._columns, strict=True)
            ]
            values = np.concatenate(parts)
            if not np.isnan(values).all():
                channels[name] = values
        times = np.concatenate(self._times) if self._times else np.zeros(0, dtype=np.int64)
        return Rows(times, channels)


def _known_first(name: str) -> tuple[int, str]:
    known = name in KNOWN_CHANNELS
    return (KNOWN_CHANNELS.index(name) if known else len(KNOWN_CHANNELS), name)
