"""Waiting for a job, with a progress bar where somebody looks."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from modelwright.client.errors import JobFailedError, WaitTimeoutError

POLL_SECONDS = 0.5
GOOD = frozenset({"completed", "success"})
BAD = frozenset({"failed", "cancelled", "failure", "revoked"})


def wait_for(
    ask: Callable[[], dict[str, Any]],
    percent: Callable[[dict[str, Any]], float],
    *,
    title: str,
    timeout: float | None,
    progress: bool | None,
) -> dict[str, Any]:
    """Ask until a job has ended, and return it as it stands then.

    Parameters
    ----------
    ask : callable
        Returns the job; its `status` says where it stands.
    percent : callable
        Of the job: how far it is, 0 to 100.
    title : str
        Beside the progress bar.
    timeout : float or None
        Seconds.
    progress : bool or None
        Whether to show a bar; None: where a person sits at the terminal.

    Raises
    ------
    JobFailedError
        It failed, or was cancelled.
    WaitTimeoutError
        It has not ended in time; it goes on.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with _bar(title, sys.stderr.isatty() if progress is None else progress) as show:
        while True:
            job = ask()
            word = str(job["status"]).lower()
            show(100.0 if word in GOOD else percent(job))
            if word in GOOD:
                return job
            if word in BAD:
                raise JobFailedError(job, _why(job, word))
            if deadline is not None and time.monotonic() > deadline:
                raise WaitTimeoutError(f"{title} has not ended after {timeout:g} s; it goes on.")
            time.sleep(POLL_SECONDS)


def _why(job: dict[str, Any], word: str) -> str:
    error = job.get("error")
    if isinstance(error, dict):
        error = error.get("message")
    return f"It {word}: {error or job.get('error_message') or 'no reason was given'}"


@contextlib.contextmanager
def _bar(title: str, shown: bool) -> Iterator[Callable[[float], None]]:
    if not shown:
        yield lambda _percent: None
        return
    console = import_module("rich.console").Console(stderr=True)
    with import_module("rich.progress").Progress(console=console) as bar:
        task = bar.add_task(title, total=100.0)
        yield lambda percent: bar.update(task, completed=percent)
