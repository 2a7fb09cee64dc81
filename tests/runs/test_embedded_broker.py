"""The embedded broker with many processes at once: every message once, each of them whole."""

import multiprocessing
from pathlib import Path
from typing import Any

from kombu import Connection, Queue

from modelwright.runs.embedded_broker import Transport

MESSAGES = 300
READERS = 3


def connection(folder: Path) -> Connection:
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.001,
    }
    return Connection(transport=Transport, transport_options=options)


def read(folder: Path, found: Any) -> None:
    with connection(folder) as opened:
        queue = opened.SimpleQueue("bell")
        while True:
            try:
                message = queue.get(timeout=2)
            except queue.Empty:
                return
            message.ack()
            found.put(message.payload["number"])


def test_every_message_is_read_whole_and_once(tmp_path: Path) -> None:
    (tmp_path / "messages").mkdir()
    (tmp_path / "control").mkdir()
    context = multiprocessing.get_context("fork")
    found = context.Queue()
    readers = [context.Process(target=read, args=(tmp_path, found)) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    with connection(tmp_path) as opened:
        producer = opened.Producer()
        queue = Queue("bell", exchange="bell", routing_key="bell")
        for number in range(MESSAGES):
            producer.publish(
                {"number": number, "text": "x" * 20_000},
                routing_key="bell",
                exchange="bell",
                declare=[queue],
            )
    numbers = sorted(found.get(timeout=20) for _ in range(MESSAGES))
    for reader in readers:
        reader.join(20)
        assert reader.exitcode == 0
    assert numbers == list(range(MESSAGES))
    assert found.empty()
    assert not list((tmp_path / "messages").iterdir())


def test_an_exchange_file_cut_off_by_a_crash_is_written_anew(tmp_path: Path) -> None:
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    (tmp_path / "control" / "cut.exchange").write_bytes(b"")
    with connection(tmp_path) as opened:
        queue = Queue("cut", exchange="cut", routing_key="cut")
        opened.Producer().publish({"number": 1}, routing_key="cut", declare=[queue])
    assert b"cut" in (tmp_path / "control" / "cut.exchange").read_bytes()
