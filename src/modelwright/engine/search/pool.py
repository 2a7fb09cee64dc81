"""Processes that compute for a search: one per core, forked once, kept to the end.

Forked, so that the rows of all folds are there without being copied or pickled, and so that none
has to import anything: a search of a second has no second to spare. Each computes with one thread.
"""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from threadpoolctl import ThreadpoolController

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.1
JOIN_SECONDS = 5.0

Work = Callable[[Any], Iterator[Any]]


@dataclass(frozen=True)
class Answer:
    """What came back.

    Parameters
    ----------
    task : object
        As it was submitted.
    item : object
        One of the things that the work gave.
    died : str or None
        The process ended in the middle of the task, and how.
    """

    task: Any
    item: Any = None
    died: str | None = None


class Pool(Protocol):
    """Takes tasks and gives answers."""

    processes: int

    def submit(self, task: Any) -> None:
        """Queue a task."""

    def answers(self, timeout: float) -> list[Answer]:
        """Return what has come since, waiting for at most so many seconds."""

    @property
    def busy(self) -> bool:
        """Whether tasks are queued or under way."""

    def close(self) -> None:
        """End at once, whatever is under way."""


def open_pool(work: Work, processes: int | None = None) -> Pool:
    """Return forked processes where the system can do that well, else this one.

    Parameters
    ----------
    work : callable
        Gives the items of a task. It runs in the processes.
    processes : int, optional
        How many; default one per core that may be used.
    """
    if sys.platform == "linux" and threading_allows_fork():
        return ForkedPool(work, processes or available_cores())
    return InlinePool(work)


def threading_allows_fork() -> bool:
    """Return whether this process may have children (a daemon of multiprocessing may not)."""
    return not multiprocessing.current_process().daemon


def available_cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class InlinePool:
    """Computes in this process, when answers are asked for.

    Examples
    --------
    >>> pool = InlinePool(lambda task: iter([task + 1]))
    >>> pool.submit(1)
    >>> [answer.item for answer in pool.answers(0.1)]
    [2]
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self.processes = 1
        self.tasks: deque[Any] = deque()
        self.current: tuple[Any, Iterator[Any]] | None = None

    def submit(self, task: Any) -> None:
        """Queue a task."""
        self.tasks.append(task)

    def answers(self, timeout: float) -> list[Answer]:
        """Compute the next item."""
        while self.busy:
            if self.current is None:
                task = self.tasks.popleft()
                self.current = task, _quietly(self.work, task)
            task, items = self.current
            try:
                return [Answer(task, next(items))]
            except StopIteration:
                self.current = None
        return []

    @property
    def busy(self) -> bool:
        """Whether tasks are queued or under way."""
        return bool(self.tasks) or self.current is not None

    def close(self) -> None:
        """Forget what is queued."""
        self.tasks.clear()
        self.current = None


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    task: Any = None
    idle: bool = True


class ForkedPool:
    """Computes in forked processes.

    Parameters
    ----------
    work : callable
        Gives the items of a task.
    processes : int
        How many.

    Examples
    --------
    >>> pool = ForkedPool(lambda task: iter([task + 1]), 2)
    >>> for number in range(3):
    ...     pool.submit(number)
    >>> items = []
    >>> while pool.busy:
    ...     items += [answer.item for answer in pool.answers(1.0)]
    >>> sorted(items)
    [1, 2, 3]
    >>> pool.close()
    """

    def __init__(self, work: Work, processes: int) -> None:
        self.work = work
        self.processes = processes
        self.tasks: deque[Any] = deque()
        self.workers: list[_Worker] = []

    def submit(self, task: Any) -> None:
        """Queue a task, and start a process for it where there may be one more."""
        self.tasks.append(task)
        self._hand_out()

    @property
    def busy(self) -> bool:
        """Whether tasks are queued or under way."""
        return bool(self.tasks) or any(not worker.idle for worker in self.workers)

    def answers(self, timeout: float) -> list[Answer]:
        """Return what has come since."""
        pipes = {worker.pipe: worker for worker in self.workers if not worker.idle}
        found: list[Answer] = []
        for ready in wait(list(pipes), timeout):
            found += self._read(pipes[ready])  # type: ignore[index]
        self._hand_out()
        return found

    def close(self) -> None:
        """Kill every process; none holds anything that is to be kept."""
        self.tasks.clear()
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.process.join(JOIN_SECONDS)
            worker.pipe.close()
        self.workers.clear()

    def _read(self, worker: _Worker) -> list[Answer]:
        found = []
        try:
            while worker.pipe.poll():
                last, item = worker.pipe.recv()
                if last:
                    worker.idle = True
                    break
                found.append(Answer(worker.task, item))
        except (EOFError, ConnectionResetError):
            worker.process.join(JOIN_SECONDS)
            self.workers.remove(worker)
            worker.pipe.close()
            found.append(Answer(worker.task, died=_how(worker.process.exitcode)))
        return found

    def _hand_out(self) -> None:
        while self.tasks:
            worker = next((w for w in self.workers if w.idle), None)
            if worker is None:
                if len(self.workers) >= self.processes:
                    return
                worker = self._start()
            worker.task = self.tasks.popleft()
            worker.idle = False
            worker.pipe.send(worker.task)

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        others = [worker.pipe for worker in self.workers] + [ours]
        sys.stdout.flush()
        sys.stderr.flush()
        libraries = thread_pools(len(sys.modules))
        gc.freeze()  # a collection in the child would write to, and so copy, every page of ours
        process = context.Process(
            target=_serve,
            args=(self.work, theirs, others, os.getpid(), libraries),
            daemon=True,
        )
        with warnings.catch_warnings():
            # Python 3.12 warns of threads at a fork; ours hold no lock that the child takes.
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            process.start()
        gc.unfreeze()
        theirs.close()
        worker = _Worker(process, ours)
        self.workers.append(worker)
        return worker


@lru_cache(maxsize=1)
def thread_pools(_modules: int) -> ThreadpoolController:
    """Return the libraries that start threads; looked for anew when modules were imported.

    Looking takes as long as a search of a few trees, and each process would look for itself.
    """
    return ThreadpoolController()


def _serve(
    work: Work,
    pipe: Connection,
    others: list[Connection],
    parent: int,
    libraries: ThreadpoolController,
) -> None:
    """Compute task after task until the parent is gone."""
    _settle(others, parent)
    with libraries.limit(limits=1), contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            for item in _quietly(work, pipe.recv()):
                pipe.send((False, item))
            pipe.send((True, None))


def _settle(others: list[Connection], parent: int) -> None:
    """Become a process that ends with its parent and holds nobody else's pipe."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(71)
    for other in others:
        other.close()


def _quietly(work: Work, task: Any) -> Iterator[Any]:
    """Keep libraries from printing the same warning for every fold of every combination."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from work(task)


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = ", probably for want of memory" if name == "SIGKILL" else ""
        return f"the process that computed it was ended by {name}{hint}"
    return f"the process that computed it ended with code {code}"


def remaining(deadline: float | None) -> float:
    """Return how long to wait for answers: not beyond the deadline, and never long.

    Examples
    --------
    >>> remaining(None)
    0.1
    """
    if deadline is None:
        return POLL_SECONDS
    return min(POLL_SECONDS, max(0.0, deadline - time.monotonic()))
