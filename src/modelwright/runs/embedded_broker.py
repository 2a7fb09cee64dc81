"""The embedded broker: kombu's filesystem transport, with messages that appear whole.

kombu writes a message into the very file that a reader may take meanwhile; with several processes
reading, now and then one gets half a message and its ring is lost. Here a message gets its name
only once it is complete. What is taken goes through a folder of the reader's own in the data
folder, not through the system's folder for temporary files, which may lie on another disk.
"""

import fcntl
import os
import time
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem

TAKEN = "taken"
READ_TRIES = 20
READ_AGAIN_SECONDS = 0.005


class Channel(filesystem.Channel):
    """A channel whose messages appear and vanish in one step."""

    def get_table(self, exchange: str) -> Any:
        """Return the queues of an exchange; asked again while another process writes the file."""
        for _ in range(READ_TRIES):
            try:
                return super().get_table(exchange)
            except ValueError:  # half a file
                time.sleep(READ_AGAIN_SECONDS)
        return super().get_table(exchange)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        """Add a queue to an exchange; one process at a time, and over a file cut off by a crash."""
        self.control_folder.mkdir(mode=0o700, exist_ok=True)
        with open(self.control_folder / "bind.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                super()._queue_bind(exchange, routing_key, pattern, queue)
            except ValueError:  # half a file: its writer was killed
                self._exchange_file(exchange).unlink(missing_ok=True)
                super()._queue_bind(exchange, routing_key, pattern, queue)

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        final = Path(self.data_folder_out)
        draft = final / f"{os.getpid()}-{id(payload):x}.draft"
        draft.mkdir(mode=0o700)
        try:
            self.data_folder_out = str(draft)
            super()._put(queue, payload, **kwargs)
            for message in draft.iterdir():
                message.replace(final / message.name)
        finally:
            self.data_folder_out = str(final)
            for left in draft.iterdir():
                left.unlink()
            draft.rmdir()

    def _get(self, queue: str) -> Any:
        # asked twenty times a second by every process: nothing there must cost next to nothing
        ending = f".{queue}.msg"
        if not any(name.endswith(ending) for name in os.listdir(self.data_folder_in)):
            raise Empty
        taken = Path(self.data_folder_in).parent / TAKEN / str(os.getpid())
        taken.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store_processed = True
        self.processed_folder = str(taken)
        message = super()._get(queue)
        for left in taken.iterdir():
            left.unlink(missing_ok=True)
        return message


class Transport(filesystem.Transport):
    """kombu's filesystem transport with our channel."""

    Channel = Channel


def use_embedded_broker() -> None:
    """Have `filesystem://` mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
