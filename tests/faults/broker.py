"""A Redis of the test's own, which may be killed."""

import contextlib
import shutil
import socket
import subprocess
from pathlib import Path

import redis

from tests.services import missing
from tests.stack import eventually


class Broker:
    """A Redis of the test's own."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("redis-server") is None:
            missing("redis-server")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        eventually(self._answers, seconds=10, what="Redis answers")

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), self.client() as client:
            return bool(client.ping())
        return False

    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, socket_timeout=5)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
