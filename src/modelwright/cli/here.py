"""Doing a job in this very process, as `train` and `tune` do; Ctrl-C cancels it."""

import contextlib
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.db import connections

from modelwright.accounts.models import User
from modelwright.cli.errors import CommandError
from modelwright.cli.following import progress_bar, run_follow
from modelwright.core.errors import ModelwrightError
from modelwright.runs.executor import run_here
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import TrainingRequest, training_cancel, training_submit
from modelwright.runs.states import Status


def account_named(username: str) -> User | None:
    """Return the account that something is recorded for. Raises CommandError."""
    if not username:
        return None
    account = User.objects.filter(username=username).first()
    if account is None:
        raise CommandError(f"There is no user {username!r}: `modelwright user add {username}`.")
    return account


def train_here(request: TrainingRequest, user: User | None) -> TrainingRun:
    """Train with a progress bar, and return the run as it ended."""
    run = training_submit(request=request, user=user, ring=False)
    with progress_bar() as bar, CancelledByInterrupt(lambda: training_cancel(run=run, user=None)):
        task = bar.add_task(f"run {run.number}", total=100)

        def show(percent: float, step: str, message: str) -> None:
            bar.update(task, completed=percent, description=f"run {run.number}: {message or step}")

        run = run_here(run, show)
        if run.status == Status.COMPLETED:
            bar.update(task, completed=100, description=f"run {run.number}: completed")
    return run if run.is_ended else run_follow(run)  # a worker was quicker


class CancelledByInterrupt:
    """Turns Ctrl-C into a cancelling, so that the job ends as any cancelled one does.

    Parameters
    ----------
    cancel : callable
        Called from a thread of its own: the main one may be in the middle of a transaction.
    """

    def __init__(self, cancel: Callable[[], object]) -> None:
        self._cancel = cancel
        self._before: Any = None

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGINT, self._on_interrupt)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=self._do).start()

    def _do(self) -> None:
        with contextlib.suppress(ModelwrightError):  # it has just ended by itself
            self._cancel()
        connections.close_all()
