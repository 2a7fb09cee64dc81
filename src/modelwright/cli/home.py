"""The data folder as the light commands see it: without Django, before anything is set up."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import environ

from modelwright.cli.errors import CommandError
from modelwright.core.files import private_dir

LOCK_NAME = "up.lock"


class HomeBusyError(CommandError):
    """Another process runs on this data folder; `data["pid"]` says which, where known."""

    code = "home_busy"


def home_path() -> Path:
    """Return MODELWRIGHT_HOME, or `./modelwright-data`."""
    return Path(os.environ.get("MODELWRIGHT_HOME", "modelwright-data")).absolute()


def home_open() -> Path:
    """Make sure that the data folder can be used, take over its `.env`, and return it.

    Raises
    ------
    CommandError
        The folder can't be made or written to.
    """
    home = home_path()
    try:
        private_dir(home)
        system = private_dir(home / "system")
        if not os.access(system, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied", str(system))
    except OSError as error:
        raise CommandError(
            f"The data folder {home} can't be used ({error.strerror}): set MODELWRIGHT_HOME to a"
            " folder that you may write to."
        ) from error
    if (home / ".env").is_file():
        environ.Env.read_env(home / ".env")
    return home


@contextlib.contextmanager
def home_locked(home: Path) -> Iterator[None]:
    """Hold the data folder for the block; the lock goes with the process, however it ends.

    Raises
    ------
    HomeBusyError
        Somebody else holds it.
    """
    with open(home / "system" / LOCK_NAME, "a+", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _holder(handle)
            raise HomeBusyError(
                f"Modelwright already runs on {home} (process {pid}): stop that one first, or"
                " set MODELWRIGHT_HOME to another folder.",
                pid=pid,
            ) from None
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        yield


def home_holder(home: Path) -> str:
    """Return the process id of the `modelwright up` that runs on this folder, or nothing."""
    path = home / "system" / LOCK_NAME
    if not path.exists():
        return ""
    with open(path, encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(handle)
    return ""


def _holder(handle: IO[str]) -> str:
    handle.seek(0)
    return handle.read().strip() or "unknown"
