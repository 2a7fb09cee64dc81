"""A body over the limit is refused while it comes in, before it fills a disk."""

import asyncio
from typing import Any

import pytest

from modelwright.config.body_limit import BodyLimit

LIMIT = 100
UPLOADS = {"/api/v1/datasets": 5 * LIMIT, "/api/v1/machines/*/readings": 5 * LIMIT}


def run(
    chunks: list[bytes],
    headers: dict[bytes, bytes] | None = None,
    *,
    method: str = "GET",
    path: str = "/",
) -> tuple[int, int]:
    """Return the status of the answer and how many bytes the application was given."""
    got = 0
    sent: list[Any] = []
    events = [
        {"type": "http.request", "body": chunk, "more_body": n < len(chunks) - 1}
        for n, chunk in enumerate(chunks)
    ]

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal got
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return  # as Django does
            got += len(event["body"])
            if not event["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        return events.pop(0)

    async def send(event: Any) -> None:
        sent.append(event)

    scope: Any = {"type": "http", "headers": list((headers or {}).items())}
    scope |= {"method": method, "path": path}
    asyncio.run(BodyLimit(app, LIMIT, UPLOADS)(scope, receive, send))  # type: ignore[arg-type]
    return sent[0]["status"], got


@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_a_body_within_the_limit_passes(size: int) -> None:
    assert run([b"x" * size]) == (200, size)


@pytest.mark.parametrize("said", ["101", "1000000000", "9" * 4000])
def test_a_body_that_says_it_is_too_large_is_not_read(said: str) -> None:
    assert run([b"x"], {b"content-length": said.encode()}) == (413, 0)


@pytest.mark.parametrize("headers", [{}, {b"content-length": b"5"}, {b"content-length": b"-1"}])
def test_a_body_that_lies_or_says_nothing_is_counted(headers: dict[bytes, bytes]) -> None:
    status, got = run([b"x" * 60] * 50, headers)
    assert (status, got) == (413, 60)


@pytest.mark.parametrize(
    ("method", "path", "headers", "right"),
    [
        ("POST", "/api/v1/datasets/", {b"authorization": b"Token x"}, (200, 150)),
        ("POST", "/api/v1/datasets", {b"cookie": b"sessionid=x"}, (200, 150)),
        ("POST", "/api/v1/datasets/", {}, (413, 60)),
        ("PUT", "/api/v1/datasets/", {b"authorization": b"Token x"}, (413, 60)),
        ("POST", "/api/v1/datasets/x", {b"authorization": b"Token x"}, (413, 60)),
        ("POST", "/api/v1/machines/x-1/readings", {b"authorization": b"Token x"}, (200, 150)),
        ("POST", "/api/v1/machines/x-1/readings/", {b"authorization": b"Token x"}, (200, 150)),
        ("POST", "/api/v1/machines/x-1/readings", {}, (413, 60)),
        ("POST", "/api/v1/machines/x/1/readings", {b"authorization": b"Token x"}, (413, 60)),
    ],
)
def test_a_table_may_be_larger_for_those_who_show_credentials(
    method: str, path: str, headers: dict[bytes, bytes], right: tuple[int, int]
) -> None:
    assert run([b"x" * 60, b"x" * 60, b"x" * 30], headers, method=method, path=path) == right


def test_a_table_has_its_limit_too() -> None:
    headers = {b"authorization": b"Token x"}
    status, _ = run([b"x" * 90] * 9, headers, method="POST", path="/api/v1/datasets/")
    assert status == 413
