"""How many heavy jobs a worker runs at once: a slot is a locked file, free when its holder dies.

A worker has one process more than slots, so that housekeeping never waits behind long fits.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from django.conf import settings

from modelwright.core.files import private_dir

_LIGHT_QUEUES = frozenset({"housekeeping"})
_node = f"{os.getpid()}"


def name_node(node: str) -> None:
    """Give the slots of this worker a name of their own; called before its processes are forked."""
    global _node  # set once, inherited by fork
    _node = node


@contextlib.contextmanager
def take(queue: str) -> Iterator[bool]:
    """Hold a slot for the block; yields False where all are taken."""
    if queue in _LIGHT_QUEUES:
        yield True
        return
    folder = private_dir(settings.SYSTEM_DIR / "slots")
    for index in range(settings.JOB_SLOTS):
        with open(folder / f"{_node}-{index}.lock", "w", encoding="ascii") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield True
            return
    yield False


def forget() -> None:
    """Remove the files of this worker's slots."""
    for path in (settings.SYSTEM_DIR / "slots").glob(f"{_node}-*.lock"):
        path.unlink(missing_ok=True)
