"""Data sets and models in an S3-compatible store, with the data root as this machine's copy.

Without `MODELWRIGHT_STORAGE_URL` the data root is all there is, and nothing here does anything.
With it, a file is in the store before the row that names it is committed, and whoever needs it and
hasn't got it fetches it once. What is fetched is compared with the recorded hash where it is used,
as any file is.
"""

import contextlib
import logging
import os
import secrets
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

from modelwright.core.errors import ModelwrightError
from modelwright.core.files import (
    fsync_dir,
    link_into_place,
    move_into_place,
    path_under,
    private_dir,
)

ALIAS = "artifacts"
CHUNK = 1 << 20
log = logging.getLogger(__name__)


class StoreError(ModelwrightError):
    """The store of data sets and models can't be reached, or refuses."""

    code = "store"
    status = 503


def file_publish(source: Path, target: Path, *, keep: bool = False) -> None:
    """Put a synced file where all machines find it, then to its name below the data root.

    Parameters
    ----------
    source, target : Path
        Of the same file system, if it is to be quick.
    keep : bool
        Leave `source` where it is: whoever is rolled back publishes it once more.

    Raises
    ------
    StoreError
        The store didn't take it; nothing has changed.
    """
    if (store := _store()) is not None:
        name = target.relative_to(settings.DATA_ROOT).as_posix()
        with _told(f"{name} could not be stored"), source.open("rb") as handle:
            store.save(name, File(handle))
    (link_into_place if keep else move_into_place)(source, target)


def file_here(relative: str, *, closed: tuple[Path, ...] = ()) -> Path:
    """Return the path of a file below the data root; fetched where only the store has it.

    It need not exist: then the store hasn't got it either.

    Raises
    ------
    UnsafePathError
        As `path_under`.
    StoreError
        The store can't be asked.
    """
    path = path_under(settings.DATA_ROOT, relative, closed=closed)
    store = _store()
    if store is None or path.exists():
        return path
    name = path.relative_to(settings.DATA_ROOT.resolve()).as_posix()
    with _told(f"{name} could not be fetched"):
        if store.exists(name):
            _fetch(store, name, path)
    return path


def file_forget(path: Path) -> None:
    """Delete a file here and in the store; none there is no error.

    Its row is gone already: a store that can't be reached keeps the file, and the log says so.
    """
    path.unlink(missing_ok=True)
    if (store := _store()) is None:
        return
    name = path.resolve().relative_to(settings.DATA_ROOT.resolve()).as_posix()
    try:
        with _told(f"{name} is left in the store"):
            store.delete(name)
    except StoreError as error:
        log.warning("%s", error.message)


def store_answers() -> bool:
    """Return whether the store answers; True where there is none."""
    if (store := _store()) is None:
        return True
    try:
        with _told("The store does not answer"):
            store.exists("nothing")
    except StoreError:
        return False
    return True


def _store() -> Storage | None:
    return storages[ALIAS] if settings.STORAGE_URL else None


def _fetch(store: Storage, name: str, path: Path) -> None:
    """Write the file whole or not at all, whoever else fetches it meanwhile."""
    private_dir(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as writing, store.open(name) as reading:
            for chunk in reading.chunks(CHUNK):
                writing.write(chunk)
            writing.flush()
            os.fsync(writing.fileno())
        draft.replace(path)
        fsync_dir(path.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell the store's own errors in our words; its library is loaded only where there is one."""
    botocore = import_module("botocore.exceptions")
    boto3 = import_module("boto3.exceptions")
    try:
        yield
    except (botocore.BotoCoreError, botocore.ClientError, boto3.Boto3Error) as error:
        raise StoreError(f"{what}: {error}. `modelwright doctor` says more.") from error
