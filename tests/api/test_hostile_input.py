"""What no client should send: each is answered 4xx in JSON, never 500, never with internals."""

import json
from typing import Any

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.api.parsers import MAX_BYTES
from tests.people import rest

TRAIN = "/api/training/train/"
NONSENSE = {
    "not json": b"{",
    "not json at all": b"<xml/>",
    "python": b"{'a': 1}",
    "not utf-8": b'{"notes": "\xff\xfe"}',
    "utf-16": '{"notes": "x"}'.encode("utf-16"),
    "NaN": b'{"test_split": NaN}',
    "Infinity": b'{"test_split": Infinity}',
    "-Infinity": b'{"test_split": -Infinity}',
    "1e400": b'{"test_split": 1e400}',
    "nested 1e400": b'{"hyperparameters": {"n_estimators": [1e400]}}',
    "huge integer": b'{"hyperparameters": {"min_samples_split": ' + b"9" * 400 + b"}}",
    "integer of 5000 digits": b'{"test_split": ' + b"9" * 5000 + b"}",
    "int64 + 1": b'{"hyperparameters": {"min_samples_split": 9223372036854775808}}',
    "deep lists": b"[" * 10_000 + b"]" * 10_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep hyperparameters": b'{"hyperparameters":' + b'{"a":' * 900 + b"1" + b"}" * 901,
    "NUL in a value": b'{"notes": "a\\u0000b"}',
    "NUL in a name": b'{"a\\u0000b": 1}',
    "half a surrogate pair": b'{"notes": "\\ud800"}',
    "half a pair in a name": b'{"\\udfff": 1}',
    "a list": b"[]",
    "a string": b'"x"',
    "a number": b"5",
    "true": b"true",
    "two documents": b"{}{}",
    "a name twice": b'{"test_split": 0.2, "test_split": 0.3}',
    "a name twice deeper": b'{"hyperparameters": {"max_depth": 2, "max_depth": 3}}',
    "a thousand unknown fields": json.dumps({f"f{n}": n for n in range(1000)}).encode(),
    "a name of 100 kB": json.dumps({"x" * 100_000: 1}).encode(),
}

pytestmark = pytest.mark.django_db


def send(body: bytes, content_type: str = "application/json", **headers: str) -> Any:
    return rest("trainer").generic("POST", TRAIN, body, content_type=content_type, headers=headers)


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_400_in_the_contracts_shape(name: str) -> None:
    answer = send(NONSENSE[name])
    assert answer.status_code == 400
    assert answer.json()["error"] == "Invalid request data"
    assert answer.json()["details"]
    assert len(answer.content) < 10_000


def test_a_body_that_is_too_large_is_413() -> None:
    answer = send(b'{"notes": "' + b"x" * MAX_BYTES + b'"}')
    assert (answer.status_code, set(answer.json())) == (413, {"detail"})


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/html", "application/x-www-form-urlencoded", "multipart/form-data",
     "multipart/form-data; boundary=x", "application/xml", "x", "application/json-seq"],
)  # fmt: skip
def test_a_body_that_is_no_json_by_its_own_word_is_415(content_type: str) -> None:
    assert send(b'{"notes": "x"}', content_type).status_code == 415


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "nonsense", "rot13", "idna"])
def test_a_charset_in_the_header_does_no_harm(charset: str) -> None:
    answer = send(b'{"test_split": 9}', f"application/json; charset={charset}")
    assert answer.status_code == 400


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "x", "image/*;q=2"])
def test_whatever_is_accepted_the_answer_is_json(accept: str) -> None:
    answer = rest("viewer").get("/api/training/runs/", headers={"Accept": accept})
    assert answer.status_code in (200, 406)
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "prefer", ["wait=" + "9" * 5000, "\xff", "wait=0" + "," * 5000, "=;=,", "wait=1e9", "wait=٣"]
)
def test_no_preference_does_harm(prefer: str) -> None:
    body = b'{"test_split": 9}'
    assert send(body, Prefer=prefer.encode().decode("latin-1")).status_code == 400


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50)
)  # fmt: skip
values = st.recursive(
    scalars, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(max_size=9), v, max_size=4)
)
names = st.sampled_from(
    ["dataset_path", "test_split", "hyperparameters", "model_version", "notes", "x"]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=values | st.dictionaries(names, values, min_size=1))
def test_whatever_the_body_the_answer_is_4xx_or_a_run(body: Any, silent_bell: list[str]) -> None:
    answer = send(json.dumps(body).encode(), Prefer="wait=0")
    assert answer.status_code in (202, 400, 409), answer.content


@pytest.mark.parametrize("error", [RuntimeError("/secret/path and SELECT"), KeyError("secret")])
def test_what_nobody_foresaw_is_500_without_internals(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr("modelwright.api.training_views.training_submit", fail)
    answer = send(b"{}")
    assert answer.status_code == 500
    assert set(answer.json()) == {"detail"}
    assert "secret" not in answer.content.decode()
    assert answer["X-Request-ID"] in answer.json()["detail"]
    logged = [r for r in caplog.records if r.exc_info and r.name == "modelwright.api.errors"]
    assert answer["X-Request-ID"] in logged[0].getMessage()


def test_a_database_that_is_away_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise OperationalError("could not connect to server at 10.0.0.5")

    monkeypatch.setattr("modelwright.api.training_views.training_submit", fail)
    answer = send(b"{}")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "10.0.0.5" not in answer.content.decode()
