"""One part of the server: a child process in a session of its own, started again when it ends."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_AFTER_SECONDS = 60.0


@dataclass
class Part:
    """A part and how it fares.

    Parameters
    ----------
    name : str
        Also the command that it runs.
    arguments : tuple of str
        Of that command.
    descriptors : tuple of int
        Open files that it inherits.
    """

    name: str
    arguments: tuple[str, ...] = ()
    descriptors: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    due: float = 0.0
    _started: float = field(default=0.0, repr=False)

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the process; it ends when this one does, however this one ends."""
        self._started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  (our own command)
            [sys.executable, "-m", "modelwright.cli", self.name, *self.arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=self.descriptors,
            start_new_session=True,
            preexec_fn=_ending_with(os.getpid()),
        )

    def ended(self) -> int | None:
        """Return the exit code once the process has ended, None before; clears up after it."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        self.kill_group()
        self.process = None
        now = time.monotonic()
        self.failures = 1 if now - self._started > STEADY_AFTER_SECONDS else self.failures + 1
        pause = FIRST_PAUSE_SECONDS * 2 ** (self.failures - 1)
        self.due = now + min(pause, LONGEST_PAUSE_SECONDS)
        return code

    def terminate(self) -> None:
        """Ask the process to stop."""
        if self.process is not None:
            self.process.terminate()

    def kill_group(self) -> None:
        """End the process and whatever it left behind in its session."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def _ending_with(parent: int) -> Callable[[], None]:
    """Return what a child does before it becomes its program: tie its life to its parent's."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

    def settle() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(71)

    return settle
