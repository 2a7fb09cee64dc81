"""Files that the owner of the machine names, brought to where runs find their data: the data root.

A file below the data root is used where it lies. Any other is copied, under a name that holds its
hash: the run can be repeated when the original has gone, and the same content is the same data set.
"""

import hashlib
import os
import re
import shutil
from pathlib import Path

from django.conf import settings

from modelwright.core.errors import ModelwrightError
from modelwright.core.files import UnsafePathError, move_into_place, path_under, private_dir

IMPORT_FOLDER = f"{settings.DATASETS_PREFIX}/imported"
HASH_CHARS = 12
STEM_CHARS = 80


class DatasetImportError(ModelwrightError):
    """The file can't be read or copied to the data root."""

    code = "dataset_import"


def dataset_place(file: Path) -> str:
    """Return the path of `file` relative to the data root; copy it there where it lies outside.

    A file that does not exist keeps a name below the data root under which there is nothing, so
    that the run says so.

    Raises
    ------
    DatasetImportError
        It can't be read, is too large, or the copy can't be written.
    """
    if inside := _inside(file):
        return inside
    try:
        return _import(file.resolve(strict=True))
    except FileNotFoundError:
        return _named_inside(file) or f"{IMPORT_FOLDER}/{_plain(file.name)}"
    except OSError as error:
        raise DatasetImportError(
            f"{file} can't be copied to the data root: {error.strerror}."
        ) from error


def _inside(file: Path) -> str:
    """Return the relative path of a file that exists below the data root, or nothing."""
    for candidate in (settings.DATA_ROOT / file, file):
        if candidate.is_file() and (relative := _named_inside(candidate.resolve())):
            return relative
    return ""


def _named_inside(file: Path) -> str:
    """Return the relative path of what a request could name so, or nothing."""
    root = settings.DATA_ROOT.resolve()
    resolved = (root / file).resolve()
    if not resolved.is_relative_to(root):
        return ""
    relative = resolved.relative_to(root).as_posix()
    try:
        path_under(root, relative, closed=(settings.SYSTEM_DIR,))
    except UnsafePathError:
        return ""
    return relative


def _import(file: Path) -> str:
    if not file.is_file():
        raise DatasetImportError(f"{file} is not a file.")
    limit = settings.TABLE_MAX_BYTES
    if file.stat().st_size > limit:
        raise DatasetImportError(
            f"{file} is larger than {limit} bytes (MODELWRIGHT_TABLE_MAX_BYTES): use less, or"
            " raise it."
        )
    draft = private_dir(settings.SCRATCH_DIR) / f"import-{os.getpid()}"
    try:
        digest = _copy(file, draft)
        relative = f"{IMPORT_FOLDER}/{_plain(file.stem)}-{digest[:HASH_CHARS]}{_plain(file.suffix)}"
        target = settings.DATA_ROOT / relative
        if not target.exists():
            move_into_place(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return relative


def _copy(source: Path, target: Path) -> str:
    """Copy, synced and private; return the SHA-256 of what was copied."""
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    with source.open("rb") as reading, os.fdopen(descriptor, "w+b") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        os.fsync(writing.fileno())
        writing.seek(0)
        return hashlib.file_digest(writing, "sha256").hexdigest()


def _plain(text: str) -> str:
    """Return `text` with only such characters as every path rule allows."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)[:STEM_CHARS].replace("..", "_") or "table"
