"""Reading rows of readings from a stream, a block at a time: JSON lines, CSV, a JSON list."""

import codecs
import csv
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from modelwright.catalog.errors import ReadingsRefusedError, TooLargeError
from modelwright.catalog.ingest_rows import RowCollector, Rows

BLOCK_BYTES = 1024 * 1024
CHUNK_ROWS = 10_000
MAX_LIST_BYTES = 32 * 1024 * 1024
DELIMITERS = ",;\t"


class Stream(Protocol):
    """What can be read in blocks."""

    def read(self, size: int = ..., /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        ...


Feed = Callable[[Stream, RowCollector, int], Iterator[None]]


def rows_of(feed: Feed, stream: Stream, *, max_rows: int, max_bytes: int) -> Rows:
    """Read a whole batch.

    Parameters
    ----------
    feed : callable
        `feed_json_lines`, `feed_json_list` or `feed_csv`.
    stream : readable, binary
    max_rows, max_bytes : int
        More are refused.

    Raises
    ------
    ReadingsRefusedError
        The batch as a whole can't be used.
    TooLargeError
        It is larger than `max_bytes`.
    """
    collector = RowCollector(max_rows)
    for _ in feed(stream, collector, max_bytes):
        pass
    return collector.rows()


def feed_json_lines(stream: Stream, collector: RowCollector, max_bytes: int) -> Iterator[None]:
    """Read one JSON object a line; empty lines are passed over. Yields after each chunk."""
    number = 1
    for lines in _line_blocks(_blocks(stream, max_bytes)):
        for first in range(0, len(lines), CHUNK_ROWS):
            chunk = lines[first : first + CHUNK_ROWS]
            _take_lines(collector, chunk, number)
            number += len(chunk)
            yield


def _take_lines(collector: RowCollector, lines: list[bytes], start: int) -> None:
    numbers = [n for n, line in enumerate(lines, start) if line.strip()]
    if len(numbers) < len(lines):
        lines = [line for line in lines if line.strip()]
    if not lines:
        return
    try:
        # All lines as one list: one call instead of thousands. Where it fails, or where a line
        # holds more or less than one value, each is looked at.
        objects = _loads(b"[" + b",".join(lines) + b"]")
    except (ValueError, RecursionError):
        objects = []
    if len(objects) == len(lines):
        collector.take_objects(objects, numbers)
        return
    good, good_numbers = [], []
    for line, number in zip(lines, numbers, strict=True):
        try:
            good.append(_loads(line))
            good_numbers.append(number)
        except UnicodeDecodeError:
            collector.refuse_row(number, "The line is not UTF-8 text.")
        except ValueError as error:
            collector.refuse_row(number, f"The line is not valid JSON: {error}.")
        except RecursionError:
            collector.refuse_row(number, "The line is nested too deeply.")
    collector.take_objects(good, good_numbers)


def _loads(text: bytes) -> Any:
    """Parse JSON; NaN and Infinity, which are none, become text, which is refused as no number."""
    return json.loads(text.decode("utf-8"), parse_constant=str)


def feed_json_list(stream: Stream, collector: RowCollector, max_bytes: int) -> Iterator[None]:
    """Read a JSON list of objects.

    It has to be held whole, so less of it is taken than of the other formats.
    """
    most = min(max_bytes, MAX_LIST_BYTES)
    raw = stream.read(most + 1)
    if len(raw) > most:
        raise TooLargeError(
            f"The list is larger than {most:,} bytes: send it as JSON lines"
            " (application/x-ndjson), or in several batches."
        )
    try:
        found = _loads(raw)
    except UnicodeDecodeError as error:
        raise ReadingsRefusedError("The body is not UTF-8 text.") from error
    except ValueError as error:
        raise ReadingsRefusedError(f"The body is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise ReadingsRefusedError("The body is nested too deeply.") from error
    if not isinstance(found, list):
        raise ReadingsRefusedError(
            "The body must be a list of objects with a timestamp and numbers by channel."
        )
    for first in range(0, len(found), CHUNK_ROWS):
        chunk = found[first : first + CHUNK_ROWS]
        collector.take_objects(chunk, range(first + 1, first + 1 + len(chunk)))
        yield


def feed_csv(stream: Stream, collector: RowCollector, max_bytes: int) -> Iterator[None]:
    """Read CSV with a header: comma, semicolon or tab, told from it; a decimal point, no comma."""
    try:
        for header, cells, start in _csv_chunks(_blocks(stream, max_bytes)):
            if start == 1:
                collector.check_header(header)
            collector.take_cells(header, cells, start)
            yield
    except UnicodeDecodeError as error:
        raise ReadingsRefusedError("The table is not UTF-8 text: save it as UTF-8.") from error
    except csv.Error as error:
        raise ReadingsRefusedError(f"The table is no CSV: {error}.") from error


def _csv_chunks(blocks: Iterator[bytes]) -> Iterator[tuple[list[str], list[list[str]], int]]:
    """Yield the header, some lines of cells, and the number of the first of them, from 1.

    There is at least one chunk, which may be without lines.
    """
    lines = _text_lines(blocks)
    first = next(lines, "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(itertools.chain([first], lines), delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(reader, [])]
    number = 1
    while cells := list(itertools.islice(reader, CHUNK_ROWS)):
        yield header, cells, number
        number += len(cells)
    if number == 1:
        yield header, [], 1


def _text_lines(blocks: Iterator[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    for lines in _line_blocks(blocks):
        yield from decoder.decode(b"\n".join(lines) + b"\n").splitlines(keepends=True)
    yield from decoder.decode(b"", final=True).splitlines(keepends=True)


def _blocks(stream: Stream, max_bytes: int) -> Iterator[bytes]:
    seen = 0
    while block := stream.read(BLOCK_BYTES):
        seen += len(block)
        if seen > max_bytes:
            raise TooLargeError(
                f"The batch is larger than {max_bytes:,} bytes: send it in several batches."
            )
        yield block


def _line_blocks(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines of each block; what a block breaks off is put before the next."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > BLOCK_BYTES:
            raise ReadingsRefusedError("A line is longer than 1 MB: end each row with a newline.")
        if lines:
            yield lines
    if rest:
        yield [rest]
