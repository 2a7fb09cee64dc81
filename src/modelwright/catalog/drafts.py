"""A file on its way in: written piece by piece, hashed and counted, gone unless it is kept."""

import os
import secrets
import shutil
import time
import unicodedata
from pathlib import Path, PurePath
from typing import Self

from django.conf import settings

from modelwright.catalog.errors import StorageFullError, TooLargeError
from modelwright.catalog.files import uploads_dir
from modelwright.engine.files import HashingFile

MAX_NAME = 200
SUFFIX = ".part"
STALE_SECONDS = 24 * 3600.0
RESERVE_BYTES = 64 * 1024 * 1024  # of the disk, for the database and what jobs write


class Draft:
    """A file under a temporary name in the folder where it will stay.

    Parameters
    ----------
    source : str
        Its name, or path, as the user gave it.

    Examples
    --------
    ``with Draft("t.csv") as draft: draft.write(b"a,b\\n1,2\\n")`` leaves nothing behind unless
    something moved the file away meanwhile.
    """

    def __init__(self, source: str) -> None:
        self.source = plain_name(source)
        _sweep()
        self.path: Path = uploads_dir() / f".{secrets.token_hex(16)}{SUFFIX}"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._hashing = HashingFile(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    @property
    def size(self) -> int:
        """Return how many bytes were written."""
        return self._hashing.size

    def write(self, data: bytes) -> None:
        """Add a piece.

        Raises
        ------
        TooLargeError
            The file becomes larger than the server takes.
        StorageFullError
            It can't be written.
        """
        check_size(self.size + len(data))
        try:
            self._hashing.write(data)
        except OSError as error:
            raise not_stored(error) from error

    def finish(self) -> None:
        """Have everything on the disk."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise not_stored(error) from error

    def discard(self) -> None:
        """Remove the file, unless it was moved to where it stays."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def check_size(size: int) -> None:
    """Refuse a file that is larger than the server takes. Raises TooLargeError."""
    limit: int = settings.TABLE_MAX_BYTES
    if size > limit:
        raise TooLargeError(
            f"The file is larger than the limit of {limit:,} bytes: leave out rows or columns.",
            limit=limit,
        )


def check_room(size: int) -> None:
    """Refuse a file that would fill the disk. Raises StorageFullError."""
    free = shutil.disk_usage(uploads_dir()).free
    if size + RESERVE_BYTES > free:
        raise StorageFullError(
            f"The file can't be stored: the server's disk has room for"
            f" {max(0, free - RESERVE_BYTES):,} bytes, and it has {size:,}. Delete data sets that"
            " nobody needs, or ask whoever runs the server."
        )


def not_stored(error: OSError) -> StorageFullError:
    """Return what to tell somebody whose file can't be written."""
    return StorageFullError(f"The file can't be stored: {error.strerror}.")


def _sweep() -> None:
    """Remove what a server left that was killed in the middle of an upload."""
    for path in uploads_dir().glob(f".*{SUFFIX}"):
        try:
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
        except FileNotFoundError:  # another upload was quicker
            continue


def plain_name(source: str) -> str:
    """Return what a user called a file, without what could be mistaken or break a line.

    Examples
    --------
    >>> plain_name("a\\x00b.csv")
    'ab.csv'
    """
    kept = "".join(c for c in source if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return kept.strip()[-MAX_NAME:] or "table"


def name_of(source: str) -> str:
    """Return a name for a data set whose user gave none: the file's, without its ending.

    Examples
    --------
    >>> name_of("exports/sales 2026.csv")
    'sales 2026'
    """
    return PurePath(plain_name(source)).stem[:MAX_NAME] or "table"
