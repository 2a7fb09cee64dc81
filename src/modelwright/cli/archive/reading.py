"""Bringing an archive back."""

import hashlib
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from modelwright.cli.archive.manifest import DATABASE, MANIFEST, ArchiveError, Manifest
from modelwright.core.files import fsync_dir, private_dir

CHUNK = 1 << 20
MAX_MANIFEST_BYTES = 256 * 1024 * 1024
MAX_PART = 255  # bytes, of a name: what file systems take


def archive_verify(source: Path) -> Manifest:
    """Read the whole archive and compare every file with its hash.

    Raises
    ------
    ArchiveError
        It is damaged, incomplete, or no archive of Modelwright.
    """
    return _read(source, None)


def archive_extract(source: Path, folder: Path) -> Manifest:
    """Write the archive's files below `folder`, which must not be used until this returns.

    Raises
    ------
    ArchiveError
        As for `archive_verify`; what was written so far is then worthless.
    """
    return _read(source, folder)


def _read(source: Path, folder: Path | None) -> Manifest:
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    with _opened(source) as archive:
        for member in archive:
            data = archive.extractfile(member) if member.isreg() else None
            if data is None or manifest is not None or member.name in found:
                raise ArchiveError(
                    f"The archive holds what no backup holds: {member.name[:200]!r}."
                )
            if member.name == MANIFEST:
                manifest = Manifest.from_json(data.read(MAX_MANIFEST_BYTES))
            elif folder is None:
                found[_checked(member.name)] = _copied(data, None)
            else:
                target = folder / _checked(member.name)
                private_dir(target.parent)
                descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as writing:
                    found[member.name] = _copied(data, writing)
        while archive.fileobj is not None and archive.fileobj.read(CHUNK):
            continue  # to the end, where the checksum is that covers the manifest too
    if manifest is None or DATABASE not in found:
        raise ArchiveError("The archive is incomplete.")
    names = found.keys() | manifest.files.keys()
    if wrong := sorted(name for name in names if found.get(name) != manifest.files.get(name)):
        raise ArchiveError(f"The archive is damaged: {', '.join(wrong[:5])}.")
    return manifest


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, mode="r:gz") as archive:
            yield archive
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ArchiveError(f"{source} is damaged or no archive of Modelwright: {error}.") from error


def _checked(name: str) -> str:
    """Return a member's name that stays below its folder.

    Raises
    ------
    ArchiveError
        It doesn't.
    """
    path = PurePosixPath(name)
    leads_out = path.is_absolute() or ".." in path.parts or not path.parts or "\\" in name
    is_odd = not name.isprintable() or any(len(os.fsencode(p)) > MAX_PART for p in path.parts)
    if leads_out or is_odd:
        raise ArchiveError(f"The archive holds a name that leads elsewhere: {name[:200]!r}.")
    return name


def _copied(data: IO[bytes], writing: IO[bytes] | None) -> str:
    sha256 = hashlib.sha256()
    while chunk := data.read(CHUNK):
        sha256.update(chunk)
        if writing is not None:
            writing.write(chunk)
    if writing is not None:
        writing.flush()
        os.fsync(writing.fileno())
    return sha256.hexdigest()


def folder_swap(fresh: Path, home: Path, kept: Path) -> None:
    """Put `fresh` in the place of `home`, whose content goes to `kept`."""
    if home.exists():
        home.rename(kept)
    fresh.rename(home)
    fsync_dir(home.parent)
