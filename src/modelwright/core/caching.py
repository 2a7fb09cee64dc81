"""A cache that all processes share through Redis, and that a Redis that is away takes nothing from.

What stands in the cache is counts of requests. While Redis is away each process counts for itself:
limits are then a little more generous, and no request fails or waits.
"""

import logging
import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

AWAY_SECONDS = 5.0  # so long it is not asked again
TIMEOUT_SECONDS = 0.25

_asked_again_at = 0.0


class SharedCache(BaseCache):
    """Django's Redis cache, with Django's cache in memory for when Redis does not answer."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = {
            "socket_connect_timeout": TIMEOUT_SECONDS,
            "socket_timeout": TIMEOUT_SECONDS,
            **params.get("OPTIONS", {}),
        }
        self._shared = RedisCache(server, {**params, "OPTIONS": options})
        self._own = LocMemCache("shared", params)

    def _call(self, method: str, *arguments: Any) -> Any:
        global _asked_again_at
        if time.monotonic() >= _asked_again_at:
            try:
                return getattr(self._shared, method)(*arguments)
            except (RedisError, OSError) as error:
                _asked_again_at = time.monotonic() + AWAY_SECONDS
                log.warning("Redis is away, each process counts for itself: %s", error)
        return getattr(self._own, method)(*arguments)

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Set a value where there is none; return whether it was set."""
        return bool(self._call("add", key, value, timeout, version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return a value."""
        return self._call("get", key, default, version)

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Set a value."""
        self._call("set", key, value, timeout, version)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Give a value a new time to live; return whether it was there."""
        return bool(self._call("touch", key, timeout, version))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Delete a value; return whether it was there."""
        return bool(self._call("delete", key, version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a value at once, and return the sum; ValueError where there is none."""
        return int(self._call("incr", key, delta, version))

    def clear(self) -> None:
        """Delete all."""
        self._call("clear")
