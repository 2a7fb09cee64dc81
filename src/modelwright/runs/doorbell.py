"""Ringing: a message that says "a job waits in this queue", not which.

A ring that is lost costs a little time (the sweep rings again), never a job; a ring too many finds
nothing to do. So a broker that is down or slow must not hold anybody up: the message is sent from a
thread of its own, once, with short timeouts.
"""

import logging
import os
from concurrent.futures import Future, ThreadPoolExecutor

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from modelwright.accounts.tasks import DELIVER_TASK

log = logging.getLogger(__name__)

RING_TASK = "modelwright.ring"
HOUSEKEEPING = "housekeeping"
RING_EXPIRES_SECONDS = 3600


class _Ringer:
    """One thread that sends the messages; a process that was forked has one of its own."""

    def __init__(self) -> None:
        self._is_mute = False
        self.renew()
        os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="doorbell")

    def mute(self) -> None:
        self._is_mute = True

    def send(self, task: str, arguments: list[str], queue: str) -> "Future[bool]":
        if self._is_mute:
            silent: Future[bool] = Future()
            silent.set_result(False)
            return silent
        return self._thread.submit(_send_task, task, arguments, queue)


_ringer = _Ringer()


def ring(queue: str) -> "Future[bool]":
    """Tell the workers that something waits in `queue`; returns at once."""
    return _ringer.send(RING_TASK, [queue], queue)


def ring_deliveries() -> "Future[bool]":
    """Tell a worker that somebody is to be notified; returns at once."""
    return task_send(DELIVER_TASK, HOUSEKEEPING)


def task_send(task: str, queue: str) -> "Future[bool]":
    """Ask a worker to run a task without arguments, some time; returns at once."""
    return _ringer.send(task, [], queue)


def mute() -> None:
    """Ring no more from this process: a child of a worker, which shares its parent's sockets."""
    _ringer.mute()


def _send_task(task: str, arguments: list[str], queue: str) -> bool:
    try:
        current_app.send_task(
            task,
            args=arguments,
            queue=queue,
            expires=RING_EXPIRES_SECONDS,
            retry=False,
            ignore_result=True,
        )
    except (OperationalError, OSError, ValueError) as error:
        log.warning("The bell of %s could not be rung (the sweep will): %s", queue, error)
        return False
    return True


def broker_answers(timeout: float = 1.0) -> bool:
    """Return whether the broker can be reached."""
    try:
        with current_app.connection_for_write(connect_timeout=timeout) as connection:
            connection.ensure_connection(max_retries=1, timeout=timeout)
    except (OperationalError, OSError) as error:
        log.warning("The broker %s does not answer: %s", settings.BROKER_URL.split("@")[-1], error)
        return False
    return True
