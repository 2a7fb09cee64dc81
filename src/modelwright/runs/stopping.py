"""Whether this worker is to stop: a few bytes that its processes share across the fork."""

import mmap
import struct
import time

_SINCE = struct.Struct("d")
_shared = mmap.mmap(-1, _SINCE.size)


def request() -> None:
    """Tell every process of this worker to take no new job and to give running ones back soon."""
    if not requested():
        _SINCE.pack_into(_shared, 0, time.monotonic())


def requested() -> bool:
    """Return whether the worker is to stop."""
    return requested_at() is not None


def requested_at() -> float | None:
    """Return when it was told to (monotonic seconds), or None."""
    (since,) = _SINCE.unpack_from(_shared, 0)
    return since or None
