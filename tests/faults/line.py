"""A network line that a test can cut, and mend."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator


class Line:
    """A port that passes everything on to another one, until it is cut.

    Attributes
    ----------
    port : int
        Where it listens.
    """

    def __init__(self, to_port: int) -> None:
        self._to = ("127.0.0.1", to_port)
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._whole = True
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End all connections, and take no new ones."""
        with self._lock:
            self._whole = False
            for end in self._ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Take connections again."""
        self._whole = True

    def close(self) -> None:
        """Cut it for good."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError), socket.create_connection(self._to, 5) as far:
            far.settimeout(None)
            with self._lock:
                if not self._whole:
                    return
                self._ends |= {near, far}
            try:
                _between(near, far)
            finally:
                with self._lock:
                    self._ends -= {near, far}


def _between(near: socket.socket, far: socket.socket) -> None:
    with selectors.DefaultSelector() as ready:
        ready.register(near, selectors.EVENT_READ, far)
        ready.register(far, selectors.EVENT_READ, near)
        while True:
            for key, _ in ready.select():
                chunk = key.fileobj.recv(1 << 16)  # type: ignore[union-attr]
                if not chunk:
                    return
                key.data.sendall(chunk)


@contextlib.contextmanager
def line_to(port: int) -> Iterator[Line]:
    """Lay a line to a port of this machine."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
