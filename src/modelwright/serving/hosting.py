"""The web server's side of the process that holds the models: started when needed, and anew."""

import atexit
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from modelwright.registry.keys import artifact_key
from modelwright.serving.errors import HostUnavailableError

log = logging.getLogger(__name__)

START_SECONDS = 60.0


class Host:
    """One process that holds models, and the connections to it, one for each thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._generation = 0
        self._here = threading.local()

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return the answer; a process that has died is started anew, once.

        Raises
        ------
        HostUnavailableError
            It can't be started, or takes too long.
        """
        line = json.dumps(request, allow_nan=False).encode() + b"\n"
        for last in (False, True):
            try:
                return self._exchange(line)
            except TimeoutError as error:
                self._drop()
                raise HostUnavailableError(
                    "The model takes too long to answer: send fewer rows at once."
                ) from error
            except (OSError, ValueError) as error:
                self._drop()
                if last:
                    raise HostUnavailableError(
                        "The process that holds the models can't be reached: try again."
                    ) from error
        raise AssertionError

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def _exchange(self, line: bytes) -> dict[str, Any]:
        generation = self.ensure()
        if getattr(self._here, "generation", None) != generation:
            self._drop()
            assert self._folder is not None  # noqa: S101  (made by ensure)
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(settings.PREDICT_TIMEOUT_SECONDS)
            connection.connect(self.address)
            self._here.connection = connection
            self._here.reader = connection.makefile("rb")
            self._here.generation = generation
        self._here.connection.sendall(line)
        answer = self._here.reader.readline()
        if not answer:
            raise ConnectionError("The process that holds the models has ended.")
        found: dict[str, Any] = json.loads(answer)
        return found

    def _drop(self) -> None:
        with contextlib.suppress(AttributeError, OSError):
            self._here.reader.close()
            self._here.connection.close()
        self._here.generation = None

    @property
    def address(self) -> str:
        """Return the path of its socket."""
        return str(Path(self._folder.name, "models.sock")) if self._folder else ""

    def running(self) -> int | None:
        """Return which process it is; None: there is none, or it has ended."""
        process = self._process
        return self._generation if process is not None and process.poll() is None else None

    def ensure(self) -> int:
        """Start the process where there is none, and return which one it is.

        Raises
        ------
        OSError
            It can't be started.
        """
        if (generation := self.running()) is not None:
            return generation
        with self._lock:
            if self.running() is None:
                self._start()
            return self._generation

    def _start(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = tempfile.TemporaryDirectory(prefix="modelwright-")
        process = subprocess.Popen(  # noqa: S603  (our own module)
            [sys.executable, "-m", "modelwright.serving.host", self.address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "MALLOC_ARENA_MAX": "2"},
        )
        assert process.stdin is not None  # noqa: S101  (asked for above)
        assert process.stdout is not None  # noqa: S101
        first = {"key": artifact_key().hex(), "max_bytes": settings.MODEL_CACHE_BYTES}
        process.stdin.write(json.dumps(first).encode() + b"\n")
        process.stdin.flush()
        watchdog = threading.Timer(START_SECONDS, process.kill)
        watchdog.start()
        ready = process.stdout.readline()
        watchdog.cancel()
        if ready.strip() != b"ready":
            process.kill()
            raise ConnectionError("The process that holds the models did not start.")
        log.info("The process that holds the models has started (%d)", process.pid)
        self._process = process
        self._generation += 1


host = Host()
atexit.register(host.stop)
