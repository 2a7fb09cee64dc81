"""Contract C, data sets in pieces: lost answers, gaps, races, a full disk, abandoned ones."""

import datetime as dt
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections

from modelwright.accounts.models import AuditEntry
from modelwright.catalog import uploads
from modelwright.catalog.drafts import RESERVE_BYTES
from modelwright.catalog.files import uploads_dir
from modelwright.catalog.limits import PIECE_BYTES
from modelwright.catalog.models import DataSet, Upload
from modelwright.core.clock import now
from modelwright.runs.sweep import jobs_sweep
from tests.api.research import DATASETS, MALFORMED, NOBODYS, SKILLS
from tests.people import rest

pytestmark = pytest.mark.django_db(transaction=True)

UPLOADS = f"{DATASETS}uploads/"
SHA256 = hashlib.sha256(SKILLS).hexdigest()


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    for path in uploads_dir().iterdir():
        path.unlink()
    yield
    kept = {f".{pk.hex}.part" for pk in Upload.objects.values_list("pk", flat=True)}
    kept |= {path.rpartition("/")[2] for path in DataSet.objects.values_list("path", flat=True)}
    assert {path.name for path in uploads_dir().iterdir()} <= kept


def begin(who: str = "trainer", size: int = len(SKILLS), **fields: Any) -> Any:
    body = {"file_name": "skills.csv", "size_bytes": size, **fields}
    return rest(who).post(UPLOADS, body, format="json")


def begun(**fields: Any) -> str:
    """Return the address of a fresh upload."""
    return f"{UPLOADS}{begin(**fields).json()['id']}/"


def put(url: str, offset: Any, piece: bytes, who: str = "trainer") -> Any:
    return rest(who).put(f"{url}?offset={offset}", piece, content_type="application/octet-stream")


def finish(url: str, who: str = "trainer", **body: Any) -> Any:
    return rest(who).post(f"{url}finish/", body, format="json")


def test_pieces_become_the_data_set() -> None:
    answer = begin(name="Skills", fingerprint="1700000000000")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["offset"], made["size_bytes"], made["piece_bytes"]) == (
        0,
        len(SKILLS),
        PIECE_BYTES,
    )
    url = f"{UPLOADS}{made['id']}/"
    half = len(SKILLS) // 2
    assert put(url, 0, SKILLS[:half]).json()["offset"] == half
    head = rest("trainer").head(url)
    assert (head["Upload-Offset"], head["Upload-Length"]) == (str(half), str(len(SKILLS)))
    (listed,) = rest("trainer").get(UPLOADS).json()
    assert (listed["offset"], listed["fingerprint"]) == (half, "1700000000000")
    assert put(url, half, SKILLS[half:]).json()["offset"] == len(SKILLS)
    done = finish(url, sha256=SHA256.upper())
    assert done.status_code == 201, done.content
    assert (done.json()["name"], done.json()["sha256"]) == ("Skills", SHA256)
    assert DataSet.objects.get().source == "skills.csv"
    assert rest("trainer").get(UPLOADS).json() == []


def test_what_is_sent_again_changes_nothing() -> None:
    url = begun()
    for offset, end in ((0, 1000), (0, 1000), (500, 1500), (0, 10), (1500, len(SKILLS))):
        assert put(url, offset, SKILLS[offset:end]).status_code == 200
    assert put(url, 0, SKILLS[:1000]).json()["offset"] == len(SKILLS)
    first, again = finish(url, sha256=SHA256), finish(url)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert rest("trainer").get(url).json()["dataset_id"] == first.json()["id"]
    assert put(url, 0, SKILLS[:10]).json()["offset"] == len(SKILLS)
    assert DataSet.objects.count() == 1


def test_a_gap_says_where_to_go_on() -> None:
    url = begun()
    put(url, 0, SKILLS[:100])
    answer = put(url, 200, SKILLS[200:300])
    assert (answer.status_code, answer.json()["code"], answer.json()["offset"]) == (
        409, "upload_gap", 100,
    )  # fmt: skip
    early = finish(url)
    assert (early.status_code, early.json()["offset"]) == (409, 100)
    assert not DataSet.objects.exists()


def test_other_bytes_than_the_senders_are_noticed_and_removed() -> None:
    url = begun()
    put(url, 0, SKILLS[:-1] + b"\n")
    answer = finish(url, sha256="0" * 64)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_changed")
    assert rest("trainer").get(url).status_code == 404


def test_what_is_no_table_is_refused_and_removed() -> None:
    url = begun(size=5)
    put(url, 0, b"\x00\x01\x02\x03\x04")
    answer = finish(url)
    assert (answer.status_code, answer.json()["code"]) == (400, "data_set_refused")
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        ({"size_bytes": 0}, 400, "empty"),
        ({"size_bytes": -1}, 400, "size_bytes"),
        ({"size_bytes": 1e300}, 400, ""),
        ({"size_bytes": "many"}, 400, "size_bytes"),
        ({"size_bytes": 2**61}, 413, "larger than the limit"),
        ({"file_name": ""}, 400, "file_name"),
        ({"file_name": "x" * 5000}, 400, "file_name"),
        ({"fingerprint": "x" * 101}, 400, "fingerprint"),
        ({"surprise": 1}, 400, "surprise"),
    ],
)
def test_a_beginning_that_makes_no_sense(fields: dict[str, Any], status: int, word: str) -> None:
    body = {"file_name": "t.csv", "size_bytes": 10, **fields}
    answer = rest("trainer").post(UPLOADS, body, format="json")
    assert answer.status_code == status
    assert word in answer.json()["detail"]
    assert not Upload.objects.exists()


def test_pieces_that_make_no_sense() -> None:
    url = begun(size=100)
    assert put(url, 90, bytes(11)).status_code == 400
    for offset in ("-1", "x", "", "1e3", "9" * 40):
        assert put(url, offset, b"a").status_code == 400
    assert rest("trainer").put(f"{url}?offset=0", {"a": 1}, format="json").status_code == 400
    assert put(begun(size=PIECE_BYTES * 2), 0, bytes(PIECE_BYTES + 1)).status_code == 413
    assert rest("trainer").get(url).json()["offset"] == 0
    assert finish(url, sha256="abc").status_code == 400


def test_ids_that_are_none() -> None:
    for text in MALFORMED:
        assert rest("trainer").get(f"{UPLOADS}{text}/").status_code in (400, 404)
    for answer in (
        rest("trainer").get(f"{UPLOADS}{NOBODYS}/"), put(f"{UPLOADS}{NOBODYS}/", 0, b"a"),
        finish(f"{UPLOADS}{NOBODYS}/"), rest("trainer").delete(f"{UPLOADS}{NOBODYS}/"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (404, "upload_not_found")


@pytest.mark.parametrize("who", ["other", "admin"])
def test_an_upload_is_its_owners_alone(who: str) -> None:
    url = begun()
    client = rest("admin") if who == "admin" else rest("viewer")
    closed = (404,) if who == "admin" else (403,)
    assert client.get(url).status_code in closed
    assert client.put(f"{url}?offset=0", b"a", content_type="application/octet-stream"
                      ).status_code in closed  # fmt: skip
    assert client.post(f"{url}finish/", {}, format="json").status_code in closed
    assert client.delete(url).status_code in closed
    assert rest("admin").get(UPLOADS).json() == []
    assert rest("trainer").get(url).json()["offset"] == 0


def test_discarding_removes_the_bytes() -> None:
    url = begun()
    put(url, 0, SKILLS[:100])
    assert rest("trainer").delete(url).status_code == 204
    assert rest("trainer").get(url).status_code == 404
    assert list(uploads_dir().iterdir()) == []
    verbs = list(
        AuditEntry.objects.filter(verb__startswith="upload.").values_list("verb", flat=True)
    )
    assert sorted(verbs) == ["upload.begun", "upload.discarded"]


def test_a_full_disk_is_said_before_and_while_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    room = RESERVE_BYTES + 1000
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=room))
    refused = begin(size=1001)
    assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
    assert "1,000 bytes" in refused.json()["detail"]
    url = begun(size=1000)

    def full(file: int, data: Any, offset: int) -> int:
        if offset:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, bytes(data)[:100], offset)

    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", full)
    answer = put(url, 0, SKILLS[:1000])
    assert answer.status_code == 507
    assert "No space left" in answer.json()["detail"]
    monkeypatch.setattr(os, "pwrite", real)
    assert rest("trainer").get(url).json()["offset"] == 100
    assert put(url, 100, SKILLS[100:1000]).json()["offset"] == 1000


def test_the_eleventh_unfinished_upload_is_refused() -> None:
    for _ in range(uploads.MOST_OPEN):
        assert begin().status_code == 201
    answer = begin()
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_uploads")


def test_what_nobody_goes_on_with_is_swept_after_a_day() -> None:
    old, fresh, done = begun(), begun(), begun()
    put(done, 0, SKILLS)
    dataset = finish(done).json()["id"]
    for url in (old, done):
        Upload.objects.filter(pk=url.split("/")[-2]).update(
            touched_at=now() - uploads.KEPT - dt.timedelta(seconds=1)
        )
    jobs_sweep()
    assert rest("trainer").get(old).status_code == 404
    assert rest("trainer").get(fresh).status_code == 200
    assert DataSet.objects.filter(pk=dataset).exists()
    assert Upload.objects.count() == 1


def test_two_at_once_leave_each_byte_once() -> None:
    url = begun()
    step = len(SKILLS) // 8 + 1

    def send(_: int) -> set[int]:
        seen = set()
        try:
            offset = 0
            while offset < len(SKILLS):
                answer = put(url, offset, SKILLS[offset : offset + step])
                seen.add(answer.status_code)
                offset = rest("trainer").get(url).json()["offset"]
            return seen
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        codes = set().union(*pool.map(send, range(3)))
    assert codes <= {200, 409}
    assert finish(url, sha256=SHA256).status_code == 201
