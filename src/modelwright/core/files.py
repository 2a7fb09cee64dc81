"""Files written whole or not at all, and paths that stay where they belong."""

import contextlib
import errno
import os
import shutil
import unicodedata
from pathlib import Path

from modelwright.core.errors import ModelwrightError

MAX_PATH_CHARS = 1024
FORBIDDEN_CHARS = '\\%:;?#*|<>"'


class UnsafePathError(ModelwrightError):
    """The path leaves the data root or is not a plain relative path."""

    code = "unsafe_path"


def private_dir(path: Path) -> Path:
    """Make `path` (and its parents) a folder that only its owner may enter, and return it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def path_under(root: Path, relative: str, *, closed: tuple[Path, ...] = ()) -> Path:
    """Resolve a path from a request below `root`, links included.

    Parameters
    ----------
    root : Path
        The only folder that may be reached.
    relative : str
        What the client sent.
    closed : tuple of Path
        Folders below `root` that may not be reached either.

    Returns
    -------
    Path
        Absolute and resolved; it need not exist.

    Raises
    ------
    UnsafePathError
        The text is no plain path, or what it names lies outside.
    """
    _plain_relative(relative)
    base = root.resolve()
    try:
        resolved = (base / relative).resolve()
    except (OSError, RuntimeError) as error:
        raise UnsafePathError("The path can't be resolved.") from error
    if not resolved.is_relative_to(base) or resolved == base:
        raise UnsafePathError("The path leads outside the data root.")
    if any(resolved.is_relative_to(folder.resolve()) for folder in closed):
        raise UnsafePathError("The path leads into a folder that is closed to requests.")
    return resolved


def _plain_relative(path: str) -> None:
    """Refuse what is no plain relative path, before the file system is asked about it."""
    if not path.strip():
        raise UnsafePathError("The path is empty: name a file below the data root.")
    if len(path) > MAX_PATH_CHARS:
        raise UnsafePathError(f"The path is longer than {MAX_PATH_CHARS} characters.")
    if any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in path):
        raise UnsafePathError("The path holds control characters.")
    if unicodedata.normalize("NFKC", path) != path:
        raise UnsafePathError("The path holds characters that may be mistaken for others.")
    if any(c in FORBIDDEN_CHARS for c in path):
        raise UnsafePathError(
            f"The path holds one of {' '.join(FORBIDDEN_CHARS)}: use letters, digits and / . _ -"
        )
    parts = path.split("/")
    if ".." in parts:
        raise UnsafePathError("The path holds '..': it must stay below the data root.")
    if any(part.startswith(".") and part != "." for part in parts):
        raise UnsafePathError("Hidden files and folders can't be used.")


def fsync_dir(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move_into_place(source: Path, target: Path) -> None:
    """Rename an already synced file of the same file system to its final name, durably."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    source.replace(target)
    fsync_dir(target.parent)


def link_into_place(source: Path, target: Path) -> None:
    """Give an already synced file its final name, durably, and leave it under its old one too.

    For what may be rolled back and done again. A file system without links gets a copy.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    try:
        os.link(source, draft)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK):
            raise
        shutil.copy2(source, draft)
        with draft.open("rb") as copied:
            os.fsync(copied.fileno())
    draft.replace(target)  # does nothing where both are the same file already
    draft.unlink(missing_ok=True)
    fsync_dir(target.parent)


def read_or_create_secret(path: Path, fresh: str) -> str:
    """Return the text in `path`; where there is none, put `fresh` there first (mode 0600).

    Two processes that start at once agree: the file appears whole, by a link that only one makes.
    """
    private_dir(path.parent)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.write(fresh)
            handle.flush()
            os.fsync(handle.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
