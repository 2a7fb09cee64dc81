"""Writing an archive while the server runs."""

import hashlib
import io
import os
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from modelwright import __version__
from modelwright.cli.archive.manifest import DATABASE, MANIFEST, SECRET, ArchiveError, Manifest
from modelwright.core.clock import now
from modelwright.core.files import fsync_dir

SYSTEM = "system"
COMPRESSION = 6


def archive_write(
    home: Path, target: Path, *, snapshot_of: Callable[[Path], None] | None = None
) -> Manifest:
    """Write everything of `home` to `target`: whole, private (0600), or not at all.

    The database goes first, by SQLite's online backup or by `snapshot_of(file)`: every file that a
    row of it names was there before the row, so it is in the archive too.

    Raises
    ------
    ArchiveError
        A file changed while it was read.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    snapshot = home / SYSTEM / "scratch" / f"backup-{os.getpid()}.sqlite3"
    try:
        snapshot.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if snapshot_of is None:
            _snapshot(home / DATABASE, snapshot)
        else:
            snapshot_of(snapshot)
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as handle:
            manifest = _fill(handle, home, snapshot)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(target)
        fsync_dir(target.absolute().parent)
    finally:
        draft.unlink(missing_ok=True)
        snapshot.unlink(missing_ok=True)
    return manifest


def _snapshot(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _fill(handle: BinaryIO, home: Path, snapshot: Path) -> Manifest:
    manifest = Manifest(version=__version__, created_at=now().isoformat())
    with tarfile.open(fileobj=handle, mode="w:gz", compresslevel=COMPRESSION) as archive:
        manifest.files[DATABASE] = _add(archive, DATABASE, snapshot)
        for path in _files(home):
            name = path.relative_to(home).as_posix()
            manifest.files[name] = _add(archive, name, path)
        text = manifest.to_json()
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(text), 0o600
        archive.addfile(member, io.BytesIO(text))
    return manifest


def _files(home: Path) -> Iterator[Path]:
    """Yield what belongs into an archive: the secret, and all outside `system`; no links."""
    if (home / SECRET).is_file():
        yield home / SECRET
    for folder, folders, names in os.walk(home):
        if Path(folder) == home:
            folders[:] = [name for name in folders if name != SYSTEM]
        folders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield path


class _Hashing(io.RawIOBase):
    """Passes on what it reads and takes its hash."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self.sha256.update(chunk)
        return chunk


def _add(archive: tarfile.TarFile, name: str, path: Path) -> str:
    with path.open("rb") as source:
        member = tarfile.TarInfo(name)
        status = os.fstat(source.fileno())
        member.size, member.mtime, member.mode = status.st_size, int(status.st_mtime), 0o600
        hashing = _Hashing(source)
        try:
            archive.addfile(member, hashing)
        except OSError as error:
            if "unexpected end of data" in str(error):
                raise ArchiveError(f"{name} changed while it was read: try again.") from error
            raise
    return hashing.sha256.hexdigest()
