"""Handing in a file in pieces: a lost connection goes on where it broke off.

How much is there is the size of the file itself, so that a server that is killed in the middle of a
piece still tells the truth. A piece may be sent again, whole or in part; what is there is passed
over. Only its owner sees an upload.
"""

import datetime as dt
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.db import transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.drafts import (
    MAX_NAME,
    STALE_SECONDS,
    SUFFIX,
    check_room,
    check_size,
    name_of,
    not_stored,
    plain_name,
)
from modelwright.catalog.errors import (
    DataSetRefusedError,
    TooManyUploadsError,
    UploadBusyError,
    UploadChangedError,
    UploadGapError,
    UploadNotFoundError,
)
from modelwright.catalog.files import uploads_dir
from modelwright.catalog.models import DataSet, Upload
from modelwright.catalog.reading import table_read
from modelwright.catalog.services import dataset_keep
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError

MOST_OPEN = 10
HASH_BYTES = 1024 * 1024
KEPT = dt.timedelta(seconds=STALE_SECONDS)


def uploads_open(user: User) -> list[Upload]:
    """Return the user's uploads that aren't data sets yet, newest first."""
    found = Upload.objects.filter(owner=user, dataset=None)
    return [upload for upload in found if path_of(upload).exists()]


def upload_for(user: User, upload_id: UUID) -> Upload:
    """Return one of the user's own uploads. Raises UploadNotFoundError."""
    found = Upload.objects.filter(pk=upload_id, owner=user).first()
    if found is None:
        raise _gone()
    return found


def upload_begin(
    *, user: User, source: str, size_bytes: int, name: str = "", fingerprint: str = ""
) -> Upload:
    """Begin one.

    Parameters
    ----------
    user : User
        Its owner.
    source : str
        The file's name; folders before it, as some senders give them, are left out.
    size_bytes : int
        Of the whole file.
    name : str
        Of the data set; default the file's.
    fingerprint : str
        Whatever lets the sender know the file again, such as the time of its last change.

    Raises
    ------
    InvalidInputError
        It is empty.
    TooLargeError, StorageFullError
        It is too large for the server, or for its disk.
    TooManyUploadsError
        The user has as many open ones as one may have.
    """
    if size_bytes < 1:
        raise InvalidInputError({"size_bytes": ["The file is empty (0 bytes): choose another."]})
    check_size(size_bytes)
    check_room(size_bytes)
    if len(uploads_open(user)) >= MOST_OPEN:
        raise TooManyUploadsError(
            f"You have {MOST_OPEN} unfinished uploads: finish or discard one of them first."
        )
    source = source.replace("\\", "/").rpartition("/")[2]
    with transaction.atomic():
        upload = Upload.objects.create(
            owner=user,
            source=plain_name(source),
            name=(name or name_of(source))[:MAX_NAME],
            fingerprint=fingerprint,
            size_bytes=size_bytes,
        )
        audit_record(
            verb=Verb.UPLOAD_BEGUN, target=upload, actor=user, after={"size_bytes": size_bytes}
        )
        path = path_of(upload)
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise not_stored(error) from error
    return upload


def path_of(upload: Upload) -> Path:
    """Return where the pieces are; the file is gone once it has become a data set."""
    return uploads_dir() / f".{upload.pk.hex}{SUFFIX}"


def upload_offset(upload: Upload) -> int:
    """Return how many bytes are there: where to go on. Raises UploadNotFoundError."""
    if upload.dataset_id is not None:
        return upload.size_bytes
    try:
        return path_of(upload).stat().st_size
    except FileNotFoundError as error:
        raise _gone() from error


def upload_write(*, upload: Upload, offset: int, piece: bytes) -> int:
    """Add a piece; return how many bytes are there then.

    Parameters
    ----------
    upload : Upload
        Which one.
    offset : int
        Where in the file the piece begins.
    piece : bytes
        Its bytes.

    Raises
    ------
    UploadGapError
        Bytes before it are missing.
    InvalidInputError
        It reaches beyond the file's end.
    UploadBusyError, UploadNotFoundError, StorageFullError
    """
    if offset + len(piece) > upload.size_bytes:
        raise InvalidInputError(
            {"offset": [f"The piece ends beyond the file, which has {upload.size_bytes:,} bytes."]}
        )
    if upload.dataset_id is not None:
        return upload.size_bytes
    with _held(upload) as file:
        there = os.fstat(file).st_size
        if offset > there:
            raise UploadGapError(
                f"The piece begins at {offset:,}, but only {there:,} bytes are there: go on from"
                " there.",
                offset=there,
            )
        there = _append(file, there, memoryview(piece)[there - offset :])
    Upload.objects.filter(pk=upload.pk).update(touched_at=now())
    return there


def _append(file: int, there: int, rest: memoryview) -> int:
    try:
        while rest:
            written = os.pwrite(file, rest, there)
            there += written
            rest = rest[written:]
    except OSError as error:  # what was written before stays, and counts
        raise not_stored(error) from error
    return there


def upload_finish(*, upload: Upload, user: User, sha256: str = "") -> DataSet:
    """Make a data set of it. Finished a second time, it gives the same data set.

    Parameters
    ----------
    upload : Upload
        All of whose bytes are there.
    user : User
        Who finishes it.
    sha256 : str
        Of the whole file, in hexadecimal: compared with what arrived.

    Raises
    ------
    UploadGapError
        Bytes are missing.
    UploadChangedError
        What arrived is something else; it is removed.
    DataSetRefusedError
        It is no table that can be used; it is removed.
    ReaderBusyError, UploadBusyError
        Not now; the upload is left as it is.
    """
    if upload.dataset is not None:
        return upload.dataset
    with _held(upload) as file:
        there = os.fstat(file).st_size
        if there < upload.size_bytes:
            raise UploadGapError(
                f"Only {there:,} of {upload.size_bytes:,} bytes are there: send the rest first.",
                offset=there,
            )
        if sha256 and _sha256_of(file) != sha256.lower():
            upload_discard(upload=upload, user=user)
            raise UploadChangedError(
                "What arrived is not the file that was chosen (its SHA-256 differs): it may have"
                " been changed meanwhile. Hand it in again from the start."
            )
        try:
            os.fsync(file)
        except OSError as error:
            raise not_stored(error) from error
        return _register(upload, user)


def _register(upload: Upload, user: User) -> DataSet:
    path = path_of(upload)
    try:
        reading = table_read(path, name=upload.source)
    except DataSetRefusedError:
        upload_discard(upload=upload, user=user)
        raise
    with transaction.atomic():
        dataset = dataset_keep(
            path=path, source=upload.source, reading=reading, user=user, name=upload.name
        )
        Upload.objects.filter(pk=upload.pk).update(dataset=dataset, touched_at=now())
    return dataset


def _sha256_of(file: int) -> str:
    found, position = hashlib.sha256(), 0
    while piece := os.pread(file, HASH_BYTES, position):
        found.update(piece)
        position += len(piece)
    return found.hexdigest()


def upload_discard(*, upload: Upload, user: User | None) -> None:
    """Remove an upload and its bytes; a data set that it became stays."""
    path = path_of(upload)
    with transaction.atomic():
        audit_record(verb=Verb.UPLOAD_DISCARDED, target=upload, actor=user)
        Upload.objects.filter(pk=upload.pk).delete()
        transaction.on_commit(lambda: path.unlink(missing_ok=True))


def uploads_sweep() -> int:
    """Remove what nobody went on with for a day; return how many uploads that were."""
    old = Upload.objects.filter(touched_at__lt=now() - KEPT)
    old.filter(dataset__isnull=False).delete()
    abandoned = list(old)
    for upload in abandoned:
        upload_discard(upload=upload, user=None)
    return len(abandoned)


@contextmanager
def _held(upload: Upload) -> Iterator[int]:
    """Open the file for this request alone.

    Raises
    ------
    UploadBusyError
        Another request has it.
    UploadNotFoundError
        It was discarded, or has become a data set, meanwhile.
    """
    try:
        file = os.open(path_of(upload), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise _gone() from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UploadBusyError(
                "Another request is at work on this upload: try again in a moment."
            ) from error
        yield file
    finally:
        os.close(file)


def _gone() -> UploadNotFoundError:
    return UploadNotFoundError(
        "There is no such upload: it was discarded, or nobody went on with it for a day. Hand the"
        " file in again."
    )
