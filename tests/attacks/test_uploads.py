"""What is handed in damaged, swollen, lying or out of order: refused in words, or read as it is.

MODELWRIGHT_TEST_EXAMPLES says how many damaged files of each kind are tried beyond the usual ones.
"""

import io
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet
from django.conf import settings as server
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from modelwright.catalog.files import uploads_dir
from modelwright.catalog.models import DataSet, Machine, Reading, Upload
from modelwright.catalog.reader import _storable, answer
from modelwright.core.limits import limits_forget
from modelwright.engine.results import plain
from modelwright.registry.models import ModelVersion
from modelwright.registry.transfer import version_export
from tests.api.machines import NDJSON, a_machine, lines, send
from tests.api.research import DATASETS, upload
from tests.attacks.hostile import INSIDES, PATHS
from tests.attacks.world import a_version
from tests.people import rest
from tests.stack import Stack, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

EXAMPLES = 60 + int(os.environ.get("MODELWRIGHT_TEST_EXAMPLES", "0"))
MANY = examples(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEW = examples(MANY, max_examples=max(10, EXAMPLES // 6))
CSV = b"city,kw,note\n" + b"".join(b'"Rouen %d",%d.5,"a ""b"", c"\n' % (i, i) for i in range(40))
LIMITS = {"max_bytes": 10**7, "max_rows": 10_000, "max_columns": 100}


def parquet(**options: Any) -> bytes:
    columns = {
        "city": Array([f"Rouen {i}" for i in range(40)], DataType.string()),
        "kw": Array(np.arange(40) + 0.5),
        "at": Array(np.arange(40), DataType.timestamp("ms", tz="UTC")),
    }
    file = io.BytesIO()
    write_parquet(Table.from_pydict(columns), file, **options)
    return file.getvalue()


@st.composite
def damaged(draw: Callable[..., Any], whole: bytes) -> bytes:
    """Draw a file that lost, gained, repeated or changed some of its bytes."""
    found = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(found) - 1)))
        how = draw(st.sampled_from(("cut", "flip", "hole", "insert", "repeat", "coding")))
        if how == "cut":
            del found[at:]
        elif how == "flip" and found:
            found[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "hole":
            del found[at : at + draw(st.integers(1, 200))]
        elif how == "insert":
            junk = (b"\0", b"\xff\xfe", b'"', b"\n", b",", b"\r", b"\x80" * 9, b"=1+1", b"[" * 99)
            found[at:at] = draw(st.sampled_from(junk))
        elif how == "repeat":
            found[at:at] = found[at : at + draw(st.integers(1, 500))]
        else:
            coding = draw(st.sampled_from(("utf-16", "utf-16-le", "utf-32", "cp1252", "utf-7")))
            found = bytearray(found.decode("latin-1").encode(coding, "replace"))
    return bytes(found)


def said(file: Path, content: bytes) -> dict[str, Any]:
    """Return what the reader of data sets answers, as the server stores it."""
    file.write_bytes(content)
    found = answer({"path": str(file), "name": "t", "limits": LIMITS})
    told: dict[str, Any] = json.loads(json.dumps(_storable(plain(found)), allow_nan=False))
    assert "\\u0000" not in json.dumps(told)
    return told


@MANY
@given(data=st.data(), kind=st.sampled_from(("csv", "plain", "snappy", "zstd")))
def test_a_damaged_table_is_refused_in_words_or_read(
    data: st.DataObject, kind: str, tmp_path: Path
) -> None:
    whole = CSV
    if kind != "csv":
        whole = parquet(compression={"plain": "uncompressed", "zstd": "zstd(3)"}.get(kind, kind))
    content = data.draw(damaged(whole))
    told = said(tmp_path / "t", content)
    if "error" in told:
        assert 20 < len(told["error"]) < 1000
        assert str(tmp_path) not in told["error"]
    else:
        assert 0 < told["ok"]["row_count"] <= 10_000
        assert told["ok"]["size_bytes"] == len(content)


def left_over() -> list[str]:
    """Return files that belong to no data set and no upload."""
    kept = {Path(path).name for path in DataSet.objects.values_list("path", flat=True)}
    kept |= {f".{pk.hex}.part" for pk in Upload.objects.values_list("pk", flat=True)}
    scratch = list(server.SCRATCH_DIR.iterdir()) if server.SCRATCH_DIR.exists() else []
    return [p.name for p in (*uploads_dir().iterdir(), *scratch) if p.name not in kept]


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    for path in uploads_dir().iterdir():
        path.unlink()
    yield
    assert left_over() == []


def refused_in_words(found: Any, *statuses: int) -> str:
    """Check that an answer is a refusal that a person can read, and return it."""
    assert found.status_code in statuses, found.content[:500]
    assert [word for word in INSIDES if word in found.content] == []
    text = str(found.json()["detail"])
    assert len(text) > 10
    return text


@FEW
@given(data=st.data(), whole=st.sampled_from((CSV, parquet())))
def test_a_damaged_file_leaves_nothing_but_a_data_set(data: st.DataObject, whole: bytes) -> None:
    before = DataSet.objects.count()
    found = upload("trainer", data.draw(damaged(whole)))
    if found.status_code != 201:
        refused_in_words(found, 400)
        assert DataSet.objects.count() == before
    assert left_over() == []


def swollen_parquet() -> bytes:
    """Return some 100 kB that unpack to 2 GB."""
    file = io.BytesIO()
    text = "x" * 1_000_000
    column = Array([text] * 100, DataType.string())
    batch = Table.from_pydict({"a": column}).to_batches()[0]
    write_parquet(Table.from_batches([batch] * 20), file, compression="zstd(19)")
    assert len(file.getvalue()) < 10_000_000
    return file.getvalue()


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(settings: Any) -> None:
    settings.JOB_MEMORY_LIMIT_MB = 700
    before = psutil.Process().memory_info().rss
    for limit in (settings.TABLE_MAX_BYTES, 100_000_000):  # memory ends first, and bytes do
        settings.TABLE_MAX_BYTES = limit
        refused_in_words(upload("trainer", swollen_parquet(), "t.parquet"), 400)
    assert psutil.Process().memory_info().rss - before < 300e6, "the server itself unpacks nothing"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"a" * 100_000, "column name"),
        (b"a,a", "more than once"),
        (b",".join(b"c%d" % i for i in range(3000)), "columns"),
        (b'"never closed', "quote"),
        (b"a\0b", "binary"),
    ],
)
def test_headers_that_are_none(header: bytes, words: str) -> None:
    body = header + b"\n" + b",".join([b"1"] * (header.count(b",") + 1)) + b"\n"
    assert words in refused_in_words(upload("trainer", body), 400)


def test_formulas_stay_text() -> None:
    cells = ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3")
    body = "cell,n\n" + "".join(f'"{cell}",{n}\n' for n, cell in enumerate(cells * 5))
    made = upload("trainer", body.encode())
    assert made.status_code == 201, made.content
    preview = rest("trainer").get(f"{DATASETS}{made.json()['id']}/preview/").json()
    assert tuple(row[0] for row in preview["rows"][:4]) == cells


@pytest.mark.parametrize(
    "name", [*PATHS, "x" * 5000, "a\r\nX-Evil: 1.csv", "con.csv", "\u202ex.csv"]
)
def test_a_file_name_is_never_a_path(name: str) -> None:
    quoted = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    body = (
        f'--b\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
        f"Content-Type: text/csv\r\n\r\n"
    ).encode() + b"nothing\r\n--b--\r\n"
    found = rest("trainer").generic(
        "POST", DATASETS, body, content_type="multipart/form-data; boundary=b"
    )
    refused_in_words(found, 400)  # it holds no rows; but nothing else is wrong
    begun = rest("trainer").post(f"{DATASETS}uploads/", {"file_name": name, "size_bytes": 9})
    if begun.status_code == 201:
        assert not set("/\\\0\r\n") & set(Upload.objects.get().source)
        assert [path.name for path in uploads_dir().iterdir()] == [
            f".{Upload.objects.get().pk.hex}.part"
        ]
        rest("trainer").delete(f"{DATASETS}uploads/{begun.json()['id']}/")
    else:
        refused_in_words(begun, 400)


# --- readings ------------------------------------------------------------------------------------

ROWS = [
    {"timestamp": f"2026-03-01T{hour:02}:00:00Z", "power_kw": hour + 0.5, "flow": hour}
    for hour in range(24)
]
BATCHES = {
    NDJSON: lines(ROWS),
    "application/json": json.dumps(ROWS).encode(),
    "text/csv": b"timestamp,power_kw,flow\n"
    + b"".join(b"2026-03-01T%02d:00:00Z,%d.5,%d\n" % (h, h, h) for h in range(24)),
}


@MANY
@given(data=st.data(), kind=st.sampled_from(sorted(BATCHES)), skip=st.booleans())
def test_a_damaged_batch_of_readings_is_stored_as_it_says_or_not_at_all(
    data: st.DataObject, kind: str, skip: bool
) -> None:
    limits_forget()
    Reading.objects.all().delete()
    machine = a_machine(f"Press {Machine.objects.count()}")
    query = "?on_error=skip" if skip else ""
    found = send(machine, data.draw(damaged(BATCHES[kind])), kind, query=query)
    stored = Reading.objects.count()
    if found.status_code == 201:
        assert found.json()["accepted"] == rest("viewer").get(machine).json()["reading_count"]
    else:
        refused_in_words(found, 413, 422)
        assert stored == 0


# --- versions ------------------------------------------------------------------------------------


@MANY
@given(data=st.data())
def test_a_damaged_version_is_refused_or_the_same(data: st.DataObject) -> None:
    limits_forget()
    version = ModelVersion.objects.first() or a_version("future_skills:t.csv", b"model " * 99)
    whole = b"".join(version_export(version)[1].pieces())
    file = SimpleUploadedFile("v.modelwright", data.draw(damaged(whole)))
    found = rest("trainer").post("/api/v1/versions/import/", {"file": file}, format="multipart")
    if found.status_code != 200:  # a bit of the padding: it is the one that is here
        refused_in_words(found, 400, 403, 413, 422)
    assert ModelVersion.objects.count() == 1
    assert left_over() == []


# --- pieces --------------------------------------------------------------------------------------


@FEW
@given(
    pieces=st.lists(
        st.tuples(st.integers(0, len(CSV) + 50), st.integers(1, len(CSV)), st.booleans()),
        max_size=12,
    )
)
def test_pieces_in_any_order_make_the_file_or_say_where_to_go_on(
    pieces: list[tuple[int, int, bool]],
) -> None:
    client = rest("trainer")
    body = {"file_name": "t.csv", "size_bytes": len(CSV)}
    url = f"{DATASETS}uploads/{client.post(f'{DATASETS}uploads/', body).json()['id']}/"

    def put(offset: int, piece: bytes) -> Any:
        kind = "application/octet-stream"
        return client.put(f"{url}?offset={offset}", piece, content_type=kind)

    there = 0
    for offset, size, twice in pieces:
        piece = CSV[offset : offset + size] or b"beyond"
        for _ in range(1 + twice):
            found = put(offset, piece)
            if offset + len(piece) > len(CSV):
                refused_in_words(found, 400)
            elif offset > there:
                refused_in_words(found, 409)
                assert found.json()["offset"] == there
            else:
                there = max(there, offset + len(piece))
                assert (found.status_code, found.json()["offset"]) == (200, there)
        (part,) = uploads_dir().glob(".*.part")
        assert part.read_bytes() == CSV[:there]
    if there < len(CSV):
        refused_in_words(client.post(f"{url}finish/", {}), 409)
    assert client.delete(url).status_code == 204


# --- what a length says --------------------------------------------------------------------------


def spoken(stack: Stack, head: str, body: bytes, *, close: bool) -> bytes:
    """Send raw bytes to the server and return what comes back."""
    where = urlsplit(stack.url)
    with socket.create_connection((where.hostname, where.port), timeout=20) as line:
        line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n" + body)
        if close:
            line.shutdown(socket.SHUT_WR)
        line.settimeout(20 if not close else 5)
        received = b""
        try:
            while piece := line.recv(65536):
                received += piece
                if not close and b"\r\n\r\n" in received:
                    break
        except (TimeoutError, ConnectionError):
            pass
    return received


@pytest.mark.parametrize(
    ("lengths", "close", "status"),
    [
        (["Content-Length: 100000"], True, b""),
        (["Content-Length: 99999999999999999999"], False, b" 413 "),
        (["Content-Length: -1"], False, b" 400 "),
        (["Content-Length: 1e3"], False, b" 400 "),
        (["Content-Length: 10", "Content-Length: 2000"], False, b" 400 "),
        (["Content-Length: 0"], False, b" 400 "),
        (["Transfer-Encoding: chunked"], False, b" 400 "),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], False, b" 400 "),
        (["Transfer-Encoding: gzip, chunked"], False, b" 400 "),
    ],
)
def test_a_length_that_lies(stack: Stack, lengths: list[str], close: bool, status: bytes) -> None:
    folder = stack.home / server.UPLOADS_PREFIX
    before = set(folder.glob("*")) | set(folder.glob(".*"))
    head = "\n".join(
        (
            f"POST {DATASETS} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Token {stack.token()}",
            "Content-Type: multipart/form-data; boundary=b",
            *lengths,
            "\n",
        )
    )
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n'
        b"Content-Type: text/csv\r\n\r\n" + CSV
    )
    received = spoken(stack, head.rstrip("\n") + "\n", body, close=close)
    assert status in received[:16]
    assert b" 500 " not in received[:16]
    eventually(
        lambda: set(folder.glob("*")) | set(folder.glob(".*")) == before, what="nothing is left"
    )
    assert stack.request("GET", "/healthz").status_code == 200
