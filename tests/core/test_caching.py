"""The shared cache: Redis where it answers, and each process's own memory where it does not."""

import secrets
import socket

import pytest

from modelwright.core import caching
from modelwright.core.caching import SharedCache
from tests.services import redis_url


@pytest.fixture(autouse=True)
def _asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "_asked_again_at", 0.0)


def nobody() -> str:
    """Return the address of a Redis that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"redis://127.0.0.1:{free.getsockname()[1]}/0"


@pytest.mark.services
def test_two_processes_share_what_is_in_redis() -> None:
    one, other = (SharedCache(redis_url(), {}) for _ in range(2))
    key = secrets.token_hex()
    assert one.add(key, 1, 60)
    assert not other.add(key, 2, 60)
    assert other.incr(key) == 2
    assert (one.get(key), one.touch(key, 60), one.delete(key), other.get(key)) == (
        2, True, True, None,
    )  # fmt: skip


def test_where_redis_is_away_a_process_counts_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    cache = SharedCache(nobody(), {})
    key = secrets.token_hex()
    cache.set(key, 1, 60)
    assert cache.incr(key, 4) == 5
    assert cache.get(key) == 5
    assert len(caplog.records) == 1, "it is asked again only after a while"
    with pytest.raises(ValueError, match="not found"):
        cache.incr("nothing-of-the-kind")
    cache.clear()
    assert cache.get(key) is None


def test_a_redis_that_is_back_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = SharedCache(nobody(), {})
    cache.set("key", "own", 60)
    monkeypatch.setattr(caching, "_asked_again_at", 0.0)
    cache._shared = SharedCache(redis_url(), {})._shared
    cache.set("key", "shared", 60)
    assert cache._own.get("key") == "own"
    assert cache.get("key") == "shared"
    cache.delete("key")
