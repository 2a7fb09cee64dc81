"""Predictions that were given and are not in the database yet: files that survive their process.

Writing to the database costs more than the prediction itself. A record is therefore appended to a
file before its answer is sent, and moved into the database within a second, many at once. The
bytes are the system's once they are written: `kill -9` of the process loses none. What it left is
moved by the next process that looks: the lock on a file tells whether its writer still lives.
"""

import contextlib
import errno
import fcntl
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.core.files import private_dir

MAX_BYTES = 64 * 1024 * 1024  # of a file; larger only gets what can't be moved for long
_SUFFIX = ".predictions"
_READ_WRITE = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC


@dataclass(frozen=True)
class Record:
    """One answered request.

    Parameters
    ----------
    facts : mapping
        Who asked whom, and when (JSON-safe).
    body, answer : bytes
        The request as it came, and the predictions as they went, both in JSON.
    """

    facts: Mapping[str, Any]
    body: bytes
    answer: bytes

    def written(self) -> bytes:
        """Return the record as it lies in a file; only a whole one ends with a line's end."""
        sizes = {"body": len(self.body), "answer": len(self.answer)}
        head = json.dumps({**self.facts, "sizes": sizes}, separators=(",", ":")).encode()
        return b"%b\n%b%b\n" % (head, self.body, self.answer)


@dataclass(frozen=True)
class _Segment:
    path: Path
    handle: int


Move = Callable[[Iterator[Record]], None]


class Journal:
    """The files of this process, and those that dead ones left.

    Parameters
    ----------
    folder : Path
        Made when it is needed.
    move : callable
        Moves records to where they belong. It may be given the same ones again, after a kill.
    """

    def __init__(self, folder: Path, move: Move) -> None:
        self._folder = folder
        self._move = move
        self._writing = threading.Lock()
        self._moving = threading.Lock()
        self._open: _Segment | None = None
        self._size = 0
        self._closed: list[_Segment] = []
        self.has_some = threading.Event()

    def append(self, record: Record) -> None:
        """Keep a record, whatever happens to this process.

        Raises
        ------
        OSError
            It can't be written; nothing of it is left.
        """
        data = record.written()
        with self._writing:
            if self._open is None:
                self._open, self._size = self._begin(), 0
            if self._size + len(data) > MAX_BYTES:
                raise OSError(errno.ENOSPC, "The journal of predictions is full.")
            try:
                written = os.write(self._open.handle, data)
            except OSError:
                os.ftruncate(self._open.handle, self._size)
                raise
            if written < len(data):
                os.ftruncate(self._open.handle, self._size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._size += len(data)
        self.has_some.set()

    def settle(self) -> None:
        """Move what this process and dead ones wrote so far.

        Raises
        ------
        Exception
            What `move` raises; the records stay where they are.
        """
        with self._moving:
            self.has_some.clear()
            self._move_closed()  # a file is closed only when none waits: they don't become many
            with self._writing:
                if self._open is not None:
                    self._closed.append(self._open)
                    self._open = None
            self._closed += self._left_by_the_dead()
            self._move_closed()

    def _move_closed(self) -> None:
        while self._closed:
            segment = self._closed[0]
            try:
                self._move(_records(segment.handle))
            except Exception:
                self.has_some.set()
                raise
            segment.path.unlink(missing_ok=True)
            self._closed.pop(0)
            os.close(segment.handle)  # and its lock with it

    def _begin(self) -> _Segment:
        """Make a file of our own, locked: another process may look at it before the lock is on."""
        private_dir(self._folder)
        while True:
            path = self._folder / f"{uuid.uuid4().hex}{_SUFFIX}"
            handle = os.open(path, _READ_WRITE | os.O_CREAT | os.O_EXCL, 0o600)
            if _lock(handle) and os.fstat(handle).st_nlink:
                return _Segment(path, handle)
            os.close(handle)

    def _left_by_the_dead(self) -> Iterator[_Segment]:
        mine = {segment.path for segment in self._closed}
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            if path in mine:
                continue
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(path, _READ_WRITE)
                if _lock(handle) and os.fstat(handle).st_nlink:
                    yield _Segment(path, handle)
                else:
                    os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _records(handle: int) -> Iterator[Record]:
    """Yield the whole records of a file; what was cut off was never answered."""
    with os.fdopen(os.dup(handle), "rb") as file:
        file.seek(0)
        for line in file:
            try:
                facts = json.loads(line)
                sizes = facts.pop("sizes")
            except (ValueError, AttributeError, KeyError):
                return
            body, answer = file.read(sizes["body"]), file.read(sizes["answer"])
            if file.read(1) != b"\n":
                return
            yield Record(facts, body, answer)
