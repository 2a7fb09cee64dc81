"""The child process that does the heavy part of a job, and its end of the pipe.

Forked warm from the worker (the heavy libraries are imported already), it has no database (one
that uses it opens a connection of its own), ends
with its parent, stays within its memory limit, and speaks in lines of JSON: progress, log, parts of
the result that are to be kept whatever happens later, and at last one result or one error.
"""

import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings

PR_SET_PDEATHSIG = 1
LOG_LINE_CHARS = 500
MIB = 1024 * 1024
# of glibc's malloc.h
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3


class Report(Protocol):
    """How the work of a job says how far it is, and hands over what it has so far."""

    def __call__(self, percent: float, step: str, message: str, /) -> None:
        """Say how far the work is."""

    def keep(self, part: Mapping[str, Any], /) -> None:
        """Hand over a part of the result (JSON-safe): kept though the job be cancelled or crash."""


Work = Callable[[Mapping[str, Any], Path, Report], Mapping[str, Any]]


class ExpectedError(Protocol):
    """What an error of the engine has beside its message."""

    code: str


@dataclass(frozen=True)
class ChildTask:
    """What the child is to do.

    Parameters
    ----------
    work : str
        Dotted path of the function.
    payload : mapping
        Its first argument, JSON-safe.
    scratch : Path
        A folder of its own for files; the parent removes it.
    memory_limit_mb : int or None
        How much more memory it may take than it starts with.
    """

    work: str
    payload: Mapping[str, Any]
    scratch: Path
    memory_limit_mb: int | None


def load_work(path: str) -> Work:
    """Import the function that does the work of a kind of job."""
    work: Work = _load(path)
    return work


def load_warm_up(path: str) -> Callable[[Mapping[str, Any]], None]:
    """Import the function that gets ready, in the worker, what the children will have."""
    warm_up: Callable[[Mapping[str, Any]], None] = _load(path)
    return warm_up


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def fork(task: ChildTask) -> tuple[int, int]:
    """Start the child.

    Returns
    -------
    pid : int
        Of the child, which leads a process group of its own.
    pipe : int
        File descriptor to read its lines from.
    """
    work = load_work(task.work)
    parent = os.getpid()
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        return pid, reading
    code = 70
    try:
        os.close(reading)
        _settle(parent)
        code = _work(task, work, writing)
    finally:
        os._exit(code)


def _settle(parent: int) -> None:
    """Become a process of its own that ends with its parent."""
    gc.freeze()  # a collection would write to, and so copy, every page shared with the parent
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(71)
    os.umask(0o077)
    os.nice(settings.JOB_NICENESS)  # who looks at a page waits for it, who trains waits anyhow
    _hold_memory()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _hold_memory() -> None:
    """Have freed memory kept for the next array, instead of given back to the system each time.

    In a process that lives for one fit that is cheaper by far: a page that comes anew is zeroed by
    the kernel at its first use. A long-lived one learns it by itself (glibc's dynamic threshold).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for parameter, size in (
            (M_MMAP_THRESHOLD, 32 * MIB), (M_TRIM_THRESHOLD, 512 * MIB), (M_TOP_PAD, 16 * MIB),
        ):  # fmt: skip
            mallopt(parameter, size)


def _limit_memory(limit_mb: int | None) -> None:
    if limit_mb is None or sys.platform != "linux":
        return
    data = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    ceiling = data + limit_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, ceiling))


def _work(task: ChildTask, work: Work, writing: int) -> int:
    with os.fdopen(writing, "w", encoding="utf-8", buffering=1) as pipe:

        def say(**message: Any) -> None:
            pipe.write(json.dumps(message, allow_nan=False, default=str) + "\n")
            pipe.flush()

        reserve = bytearray(1024 * 1024)  # given back when memory runs out, to say so
        try:
            _limit_memory(task.memory_limit_mb)
            with _captured(say):
                result = work(task.payload, task.scratch, _PipeReport(say))
            say(kind="result", result=result)
        except MemoryError:
            del reserve
            say(kind="error", type="MemoryError", message="")
            return 1
        except Exception as error:  # noqa: BLE001  (the worker's edge: told to the parent, recorded)
            say(
                kind="error",
                type=type(error).__name__,
                code=getattr(error, "code", ""),
                message=str(error),
                trace="" if hasattr(error, "code") else traceback.format_exc()[-4000:],
            )
            return 1
    return 0


class _PipeReport:
    """What the work reports goes to the parent."""

    def __init__(self, say: Callable[..., None]) -> None:
        self._say = say

    def __call__(self, percent: float, step: str, message: str, /) -> None:
        self._say(kind="progress", percent=percent, step=step, message=message)

    def keep(self, part: Mapping[str, Any], /) -> None:
        """Hand over a part of the result."""
        self._say(kind="part", part=part)


class _LogPipe:
    """A text stream whose lines go to the parent as log events."""

    def __init__(self, say: Callable[..., None]) -> None:
        self._say = say
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                self._say(kind="log", line=line[:LOG_LINE_CHARS])
        return len(text)

    def flush(self) -> None:
        """Lines are passed on as they end."""


@contextlib.contextmanager
def _captured(say: Callable[..., None]) -> Iterator[None]:
    stream: Any = _LogPipe(say)
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield
