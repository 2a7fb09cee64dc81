"""Files that are written whole or not at all."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from modelwright.engine.results import ArtifactInfo


class HashingFile:
    """A file to write to that knows its SHA-256.

    Parameters
    ----------
    file : binary file
        Where the bytes go, in order: there is no seeking.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Write and hash."""
        self._hash.update(data)
        size = memoryview(data).nbytes
        self.size += size
        self._file.write(data)
        return size

    def tell(self) -> int:
        """Return how much was written."""
        return self.size

    def flush(self) -> None:
        """Pass on what is buffered."""
        self._file.flush()

    @property
    def sha256(self) -> str:
        """Return the hash of what was written so far."""
        return self._hash.hexdigest()


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[HashingFile]:
    """Write a file under a temporary name in its folder, then sync and rename it.

    Whatever goes wrong, nothing half-written stays. Only the owner may read it (0600).

    Parameters
    ----------
    path : Path
        Final name. Its folder exists.
    """
    draft = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            hashing = HashingFile(file)
            yield hashing
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_atomic(path: Path, data: bytes) -> ArtifactInfo:
    """Write `data` to `path`, whole or not at all."""
    with atomic_file(path) as file:
        file.write(data)
        return ArtifactInfo(file.sha256, file.size)
