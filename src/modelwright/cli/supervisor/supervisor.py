"""Starting the parts, keeping them up, and stopping them in time.

The supervisor itself stays light: it loads no Django. It holds the listening socket, so that
callers wait for a web server that is started again instead of being refused.
"""

import contextlib
import http.client
import os
import select
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType

import typer

from modelwright.cli.errors import CommandError
from modelwright.cli.supervisor.hosts import VARIABLE, allowed_hosts
from modelwright.cli.supervisor.parts import Part

STOP_SECONDS = 8.0
READY_SECONDS = 120.0
READY_POLL_SECONDS = 0.1
TICK_SECONDS = 1.0
MAX_FAILURES_BEFORE_READY = 3
COUNTS = "PROMETHEUS_MULTIPROC_DIR"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StartError(CommandError):
    """A part of the server could not be started."""

    code = "start_failed"


@dataclass
class Supervisor:
    """The parts of one server.

    Parameters
    ----------
    host : str
        As the user named it.
    listener : socket
        Open already.
    samples : bool
        Whether to load the sample data and train the first version of it.
    web_processes : int
        How many web servers answer at the listening socket, whichever is free.
    """

    host: str
    listener: socket.socket
    samples: bool = True
    web_processes: int = 1
    _stops: int = 0
    _ready: bool = False
    _environment: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._environment = {**os.environ, VARIABLE: allowed_hosts(self.host)}
        descriptor = self.listener.fileno()
        self._parts = [
            *(
                Part("web", ("--fd", str(descriptor)), (descriptor,))
                for _ in range(self.web_processes)
            ),
            Part("worker"),
            Part("scheduler"),
        ]

    def run(self) -> None:
        """Prepare the database, run the parts until a signal asks to stop, and stop them.

        Raises
        ------
        StartError
            The preparation failed, or a part ended again and again before the server was ready.
        """
        wake, waker = os.pipe()
        for descriptor in (wake, waker):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            ignored = signal.getsignal(number) is signal.SIG_IGN
            if not (ignored and number == signal.SIGHUP):  # nohup stays nohup
                signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._wake = wake
        with self._counted_together():
            try:
                self._prepare()
                self._keep_up()
            finally:
                self._stop_all()
                signal.set_wakeup_fd(-1)

    @contextlib.contextmanager
    def _counted_together(self) -> Iterator[None]:
        """Give several web servers a folder for their counts: `/metrics` asks any of them."""
        if self.web_processes == 1 or COUNTS in self._environment:
            yield
            return
        with tempfile.TemporaryDirectory(prefix="modelwright-") as folder:
            self._environment[COUNTS] = folder
            yield

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stops += 1

    def _sleep(self, seconds: float) -> None:
        """Sleep until a signal arrives or the time is over."""
        ready, _, _ = select.select([self._wake], [], [], max(0.0, seconds))
        if ready:
            os.read(self._wake, 4096)

    def _prepare(self) -> None:
        part = Part("prepare", () if self.samples else ("--no-samples",))
        part.start(self._environment)
        while (code := part.ended()) is None:
            if self._stops:
                part.kill_group()
            self._sleep(TICK_SECONDS)
        if code and not self._stops:
            raise StartError("The server could not be prepared: see above.")

    def _keep_up(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._stops:
            for part in self._parts:
                self._look_after(part)
            if self._ready:
                self._sleep(self._until_next())
            elif self._answers():
                self._ready = True
                typer.echo(f"Modelwright is ready at {self._url()}")
                sys.stdout.flush()
            elif time.monotonic() > deadline:
                raise StartError(
                    f"The server was not ready after {READY_SECONDS:.0f} s:"
                    " `modelwright doctor` says more."
                )
            else:
                self._sleep(READY_POLL_SECONDS)

    def _look_after(self, part: Part) -> None:
        code = part.ended()
        if code is not None:
            _say(f"{part.name} ended ({_describe(code)}); it is started again.")
            if not self._ready and part.failures >= MAX_FAILURES_BEFORE_READY:
                raise StartError(f"{part.name} ended {part.failures} times: see above.")
        if part.process is None and time.monotonic() >= part.due:
            part.start(self._environment)

    def _until_next(self) -> float:
        """Seconds until a part is to be started again; long where all are up."""
        waiting = [part.due for part in self._parts if part.process is None]
        return min(waiting) - time.monotonic() if waiting else 60 * TICK_SECONDS

    def _url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.listener.getsockname()[1]}"

    def _answers(self) -> bool:
        """Return whether /readyz says yes."""
        address, port = self.listener.getsockname()[:2]
        address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104
        connection = http.client.HTTPConnection(address, port, timeout=TICK_SECONDS)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _stop_all(self) -> None:
        """Stop every part in time; a second Ctrl-C ends them at once."""
        asked = self._stops
        deadline = time.monotonic() + STOP_SECONDS
        for part in self._parts:
            part.terminate()
        while any(self._still_up(part) for part in self._parts):
            left = deadline - time.monotonic()
            if left <= 0 or self._stops > max(asked, 1):
                for part in self._parts:
                    part.kill_group()
            self._sleep(min(max(left, 0.05), TICK_SECONDS))

    @staticmethod
    def _still_up(part: Part) -> bool:
        return part.process is not None and part.ended() is None


def _describe(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _say(text: str) -> None:
    typer.echo(text, err=True)
