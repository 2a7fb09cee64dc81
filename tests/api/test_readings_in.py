"""Contract B, sending readings: formats, merging, and what is wrong with a row by its number."""

from typing import Any

import pytest

from modelwright.accounts.models import AuditEntry
from modelwright.catalog.models import Machine, Reading, ReadingBatch
from modelwright.catalog.readings import series_of
from tests.api.machines import MACHINES, a_machine, lines, send
from tests.people import rest

pytestmark = pytest.mark.django_db

T0, T1, T2 = "2026-03-01T14:00:00Z", "2026-03-01T15:00:00Z", "2026-03-01T16:00:00Z"
NOTHING = {"accepted": 0, "updated": 0, "rejected": 0, "errors": []}


def stored() -> dict[str, dict[str, float]]:
    """Return what is stored of the only machine, by time."""
    series = series_of(Machine.objects.get())
    times = series.times.astype("datetime64[ms]").astype(str)
    return {
        str(time): {
            name: float(values[i])
            for name, values in series.channels.items()
            if values[i] == values[i]
        }
        for i, time in enumerate(times)
    }


def sent(*rows: dict[str, Any], query: str = "") -> dict[str, Any]:
    """Send rows to the only machine and return what became of them."""
    machine = f"{MACHINES}{Machine.objects.get().pk}/"
    answer = send(machine, lines(rows), query=query)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


BODIES = [
    (
        "application/x-ndjson",
        b'{"timestamp": "2026-03-01T14:00:00Z", "power_kw": 1.5}\n\n'
        b'{"timestamp": "2026-03-01T16:00:00.25+01:00", "power_kw": 2, "flow": 3}',
    ),
    (
        "text/csv",
        b"timestamp,power_kw,flow\n2026-03-01T14:00:00Z,1.5,\n\n2026-03-01T16:00:00.25+01:00,2,3",
    ),
    (
        "text/csv; charset=utf-8",
        b'\xef\xbb\xbf"timestamp"; power_kw;flow\r\n2026-03-01T14:00:00Z;1.5;\r\n'
        b"2026-03-01 16:00:00.250999+01:00; 2.0 ;3e0\r\n",
    ),
    (
        "application/json",
        b'[{"timestamp": "2026-03-01T14:00:00Z", "power_kw": 1.5, "flow": null},'
        b' {"timestamp": "2026-03-01T16:00:00.25+01:00", "power_kw": 2, "flow": 3}]',
    ),
]


@pytest.mark.parametrize(("kind", "body"), BODIES)
def test_every_format_stores_the_same_and_the_second_time_nothing(kind: str, body: bytes) -> None:
    machine = a_machine()
    answer = send(machine, body, kind)
    assert (answer.status_code, answer.json()) == (201, {**NOTHING, "accepted": 2})
    assert stored() == {
        "2026-03-01T14:00:00.000": {"power_kw": 1.5},
        "2026-03-01T15:00:00.250": {"power_kw": 2.0, "flow": 3.0},
    }
    again = send(machine, body, kind, query="/")
    assert (again.status_code, again.json()) == (201, NOTHING)
    assert ReadingBatch.objects.count() == 1
    entry = AuditEntry.objects.get(verb="readings.stored")
    assert (entry.actor_name, entry.after["accepted"]) == ("trainer", 2)
    found = rest("viewer").get(machine).json()
    assert found["reading_count"] == 2
    assert found["channels"] == ["power_kw", "flow"]
    assert found["first_reading_at"] == T0
    assert found["last_reading_at"] == "2026-03-01T15:00:00.250000Z"


def test_rows_merge_channel_by_channel_into_what_is_stored() -> None:
    a_machine()
    sent({"timestamp": T1, "power_kw": 1.0, "flow": 7.0})
    done = sent(
        {"timestamp": T1, "energy_kwh": 2.0, "power_kw": None},
        {"timestamp": T2, "power_kw": 3.0},
        {"timestamp": T0, "flow": 4.0},  # late
    )
    assert done == {**NOTHING, "accepted": 2, "updated": 1}
    assert list(stored().values()) == [
        {"flow": 4.0},
        {"power_kw": 1.0, "energy_kwh": 2.0, "flow": 7.0},
        {"power_kw": 3.0},
    ]
    assert sent({"timestamp": T1, "flow": 8.0}) == {**NOTHING, "updated": 1}
    assert list(stored().values())[1] == {"power_kw": 1.0, "energy_kwh": 2.0, "flow": 8.0}


def test_of_a_moment_repeated_in_one_batch_the_last_value_of_each_channel_holds() -> None:
    a_machine()
    done = sent(
        {"timestamp": T1, "power_kw": 1.0},
        {"timestamp": T0, "power_kw": 5.0},
        {"timestamp": "2026-03-01T16:00:00+01:00", "power_kw": 2.0, "flow": 1.0},
        {"timestamp": T1, "power_kw": None, "flow": 0.0},
    )
    assert done == {**NOTHING, "accepted": 2}
    assert list(stored().values()) == [{"power_kw": 5.0}, {"power_kw": 2.0, "flow": 0.0}]


BAD_CELLS = [
    ("NaN", "NaN"),
    ("Infinity", "Infinity"),
    ("1e999", "too large"),
    ("-1e16", "too large"),
    ("1" + "0" * 400, "too large"),
    ('"12.5"', "'12.5' is not a number"),
    ("true", "True is not a number"),
    ("[1]", "not a number"),
    ("{}", "not a number"),
]


@pytest.mark.parametrize(("cell", "says"), BAD_CELLS)
def test_what_is_no_number_is_refused_by_row_number(cell: str, says: str) -> None:
    machine = a_machine()
    body = lines([{"timestamp": T0, "power_kw": 1}]) + (
        f'{{"timestamp": "{T1}", "power_kw": {cell}}}\n'.encode()
    )
    answer = send(machine, body)
    found = answer.json()
    assert answer.status_code == 422, found
    assert (found["accepted"], found["updated"], found["rejected"]) == (0, 0, 1)
    assert found["errors"][0]["row"] == 2
    assert found["errors"][0]["error"].startswith("power_kw: ")
    assert says in found["errors"][0]["error"]
    assert "on_error=skip" in found["detail"]
    assert not Reading.objects.exists()
    skipped = send(machine, body, query="?on_error=skip").json()
    assert (skipped["accepted"], skipped["rejected"]) == (1, 1)
    assert skipped["errors"] == found["errors"]
    assert list(stored().values()) == [{"power_kw": 1.0}]


@pytest.mark.parametrize(
    "cell", ["nan", "inf", "-Infinity", "1e999", "1_000", "12,5", "0x10", "one", "\u0663", "1e16"]
)
def test_a_cell_of_csv_that_is_no_number_is_refused(cell: str) -> None:
    body = f'timestamp,power_kw\n{T0},1\n{T1},"{cell}"\n'.encode()
    found = send(a_machine(), body, "text/csv", query="?on_error=skip").json()
    assert (found["accepted"], found["rejected"], found["errors"][0]["row"]) == (1, 1, 2)


BAD_TIMES = [
    ("2026-03-01T14:00:00", "no zone"),
    ("2026-03-01", "no zone"),
    ("yesterday", "ISO 8601"),
    ("2026-02-30T00:00:00Z", "ISO 8601"),
    ("", "missing"),
    (None, "missing"),
    (1_772_366_400, "not text"),
    ("1969-12-31T23:59:59Z", "out of range"),
    ("2199-01-01T00:00:00Z", "out of range"),
    ("0001-01-01T00:00:00+23:00", "out of range"),
]


@pytest.mark.parametrize(("time", "says"), BAD_TIMES)
def test_a_time_that_can_not_be_meant_is_refused(time: Any, says: str) -> None:
    body = lines([{"timestamp": time, "power_kw": 1}, {"timestamp": T0, "power_kw": 1}])
    found = send(a_machine(), body, query="?on_error=skip").json()
    assert (found["accepted"], found["rejected"], found["errors"][0]["row"]) == (1, 1, 1)
    assert says in found["errors"][0]["error"]


def test_lines_that_are_no_rows_are_refused_one_by_one() -> None:
    body = b"".join(
        (
            f'{{"timestamp": "{T0}", "power_kw": 1}}\n'.encode(),
            b'{"timestamp"\n',
            b"7\n",
            b"\n",
            f'{{"timestamp": "{T1}"}}\n'.encode(),
            b'{"a": "\xff"}\n',
            b"[" * 100_000 + b"\n",
            f'{{"timestamp": "{T1}", "power_kw": 1}},{{}}\n'.encode(),
            f'{{"timestamp": "{T2}", "power_kw": 1}}\n'.encode(),
        )
    )
    found = send(a_machine(), body, query="?on_error=skip").json()
    assert (found["accepted"], found["rejected"]) == (2, 6)
    assert [error["row"] for error in found["errors"]] == [2, 3, 5, 6, 7, 8]


def test_of_many_bad_rows_the_first_hundred_are_listed_and_the_rest_counted() -> None:
    body = lines({"timestamp": "?", "power_kw": 1} for _ in range(250))
    found = send(a_machine(), body, query="?on_error=skip").json()
    assert (found["rejected"], len(found["errors"])) == (250, 101)
    assert found["errors"][-1]["row"] is None
    assert found["errors"][-1]["error"].startswith("150 more rows")


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("text/csv", b"time,power_kw\n", "no column 'timestamp'"),
        ("text/csv", b"timestamp\n", "no channel"),
        ("text/csv", b"timestamp,a,a\n", "'a' twice"),
        ("text/csv", b"timestamp,\n", "no name for a channel"),
        ("text/csv", b"timestamp,1st pump\n", "no name for a channel"),
        ("text/csv", b"timestamp,a\n\xff\xfe,1\n", "UTF-8"),
        ("text/csv", b'timestamp,a\n"x', "no CSV"),
        ("text/csv", b"", "no rows"),
        ("application/x-ndjson", b"", "no rows"),
        ("application/x-ndjson", b"\n\n", "no rows"),
        ("application/x-ndjson", b'{"timestamp": "", "": 1}', "no name for a channel"),
        ("application/json", b"[]", "no rows"),
        ("application/json", b"{}", "must be a list"),
        ("application/json", b"[", "not valid JSON"),
        ("application/json", b"[" * 100_000, "nested"),
        ("application/x-ndjson", b"x" * 3_000_000, "longer than 1 MB"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_in_words(kind: str, body: bytes, says: str) -> None:
    answer = send(a_machine(), body, kind)
    assert answer.status_code == 422, answer.content
    assert says in answer.json()["detail"]


def test_an_unknown_format_is_415_and_names_the_known() -> None:
    answer = send(a_machine(), b"x", "text/plain")
    assert answer.status_code == 415
    assert "text/csv" in answer.json()["detail"]


def test_limits_of_rows_bytes_and_channels(settings: Any) -> None:
    machine = a_machine()
    settings.READINGS_MAX_ROWS = 2
    three = lines({"timestamp": T0, "a": n} for n in range(3))
    assert send(machine, three).status_code == 422
    settings.READINGS_MAX_BYTES = 20
    assert send(machine, three).status_code == 413
    settings.READINGS_MAX_ROWS = settings.READINGS_MAX_BYTES = 1_000_000
    wide = lines([{"timestamp": T0, **{f"c{n}": 1 for n in range(60)}}])
    wider = lines([{"timestamp": T0, **{f"d{n}": 1 for n in range(60)}}])
    assert send(machine, wide).json()["accepted"] == 1
    refused = send(machine, wider)
    assert refused.status_code == 422
    assert "it may have 100" in refused.json()["detail"]
    assert len(stored()["2026-03-01T14:00:00.000"]) == 60


def test_who_may_not_and_what_is_not_there() -> None:
    machine = a_machine()
    body = lines([{"timestamp": T0, "power_kw": 1}])
    assert send(machine, body, who="viewer").status_code == 403
    assert send(f"{MACHINES}seven/", body).status_code == 422
    nobodys = send(f"{MACHINES}0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11/", body)
    assert (nobodys.status_code, nobodys.json()["detail"]) == (404, "Machine not found")
    assert send(machine, body, query="?on_error=ignore").status_code == 422
    assert not Reading.objects.exists()


def test_json_takes_the_number_that_was_meant() -> None:
    a_machine()
    sent({"timestamp": T0, "power_kw": 1_000_000_000_000, "flow": 0, "x.y-z": -0.1})
    assert stored()["2026-03-01T14:00:00.000"] == {
        "power_kw": 1e12, "flow": 0.0, "x.y-z": -0.1,
    }  # fmt: skip
