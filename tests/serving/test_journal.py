"""What was answered is kept: whatever is killed, cut off, full or away."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from modelwright.registry.models import ModelVersion, Subject
from modelwright.serving.journal import Journal, Record
from modelwright.serving.journaling import predictions_move
from modelwright.serving.models import Prediction
from tests.serving.conftest import TrainVersion, subject_of

SEED = "7f3c1a52-93b1-4f0e-8a6d-2f1b0c5d6e7f"
WRITER = """
import sys
from pathlib import Path
from modelwright.serving.journal import Journal, Record
journal = Journal(Path(sys.argv[1]), lambda records: None)
for i in range(3):
    journal.append(Record({"n": i}, b'{"a":\\n1}', b"[1]"))
print("written", flush=True)
sys.stdin.read()
"""


def record(n: int = 0) -> Record:
    return Record({"n": n}, b'{"row":\n{"a": 1}}', b"[1]")


class Target:
    """Where records go, unless it is away."""

    def __init__(self) -> None:
        self.found: list[Record] = []
        self.is_away = False

    def move(self, records: Iterator[Record]) -> None:
        if self.is_away:
            raise DatabaseError
        self.found += records


@pytest.fixture
def target() -> Target:
    return Target()


@pytest.fixture
def journal(tmp_path: Path, target: Target) -> Journal:
    return Journal(tmp_path / "journal", target.move)


def files(journal: Journal) -> list[Path]:
    return sorted(journal._folder.iterdir())


def test_records_are_moved_once_and_in_order(journal: Journal, target: Target) -> None:
    journal.settle()
    for n in range(3):
        journal.append(record(n))
    assert [path.stat().st_mode & 0o777 for path in files(journal)] == [0o600]
    journal.settle()
    journal.append(record(3))
    journal.settle()
    assert target.found == [record(n) for n in range(4)]
    assert files(journal) == []


def test_what_a_killed_process_wrote_is_moved_but_not_while_it_lives(
    journal: Journal, target: Target
) -> None:
    command = [sys.executable, "-c", WRITER, str(journal._folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        journal.settle()
        assert target.found == []
        writer.kill()
        writer.wait()
    journal.settle()
    assert [found.facts["n"] for found in target.found] == [0, 1, 2]
    assert target.found[0].body == b'{"a":\n1}'
    assert files(journal) == []


def test_a_record_that_was_cut_off_is_left_out(journal: Journal, target: Target) -> None:
    for n in range(2):
        journal.append(record(n))
    (path,) = files(journal)
    os.truncate(path, path.stat().st_size - 1)
    journal.settle()
    assert target.found == [record(0)]


def test_a_full_disk_leaves_no_half_record(
    journal: Journal, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append(record(0))
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, data: write(handle, data[:5]))
        with pytest.raises(OSError, match="No space left"):
            journal.append(record(1))
    journal.append(record(2))
    journal.settle()
    assert target.found == [record(0), record(2)]


def test_nothing_is_lost_and_files_stay_few_while_the_target_is_away(
    journal: Journal, target: Target
) -> None:
    target.is_away = True
    for n in range(4):
        journal.append(record(n))
        with pytest.raises(DatabaseError):
            journal.settle()
        assert journal.has_some.is_set()
    assert len(files(journal)) == 2
    target.is_away = False
    journal.settle()
    assert target.found == [record(n) for n in range(4)]


# --- into the database --------------------------------------------------------------------------


def kept(version: ModelVersion, **changes: Any) -> Record:
    facts = {
        "subject": str(subject_of(version).pk),
        "version": version.pk,
        "number": version.number,
        "user": None,
        "keep_inputs": True,
        "seed": SEED,
        "at": "2026-03-01T08:00:00+00:00",
        **changes.pop("facts", {}),
    }
    answer = b'[{"prediction":"HIGH","probabilities":{"HIGH":1.0}},{"prediction":2.5}]'
    return Record(facts, b'{"columns":{"a":[1,2]}}', changes.pop("answer", answer))


def test_records_that_come_twice_are_stored_once(train_version: TrainVersion) -> None:
    version = train_version()
    for _ in range(2):
        predictions_move(iter([kept(version)]))
    found = Prediction.objects.order_by("request_id").values_list("label", "value", "inputs")
    assert list(found) == [("HIGH", None, {"a": 1}), ("", 2.5, {"a": 2})]


def test_what_was_deleted_meanwhile_and_what_makes_no_sense_stops_nothing(
    train_version: TrainVersion,
) -> None:
    version = train_version()
    nowhere = {"subject": "00000000-0000-4000-8000-000000000000"}
    nobody = {"version": 10**6, "user": 10**6, "seed": "8" + SEED[1:]}
    predictions_move(
        iter(
            [
                kept(version, facts=nowhere),
                kept(version, answer=b"nonsense"),
                kept(version, answer=b'[{"prediction":null},{}]'),
                kept(version, answer=b"[1,2]"),
                kept(version, facts=nobody),
            ]
        )
    )
    assert set(Prediction.objects.values_list("version", "user")) == {(None, None)}
    assert Subject.objects.count() == 1
