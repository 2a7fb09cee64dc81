"""How many requests a web server works on at once; the others wait for their turn.

Python computes one thing at a time. Fifty requests that are worked on together take as long as one
after the other, but all of them are late, and what shares the process with them (predictions, event
streams) hardly gets a word in.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

AGAIN_SECONDS = 60.0


@dataclass(frozen=True)
class _Turn:
    free: asyncio.Semaphore
    loop: asyncio.AbstractEventLoop


_mine: ContextVar[_Turn | None] = ContextVar("turn", default=None)


class Turns:
    """So many at once; for one event loop.

    Parameters
    ----------
    count : int
    """

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, first come first served, and have it for the block."""
        async with self._free:
            token = _mine.set(_Turn(self._free, asyncio.get_running_loop()))
            try:
                yield
            finally:
                _mine.reset(token)


@contextmanager
def standing_aside() -> Iterator[None]:
    """Let others have this request's turn while it waits for something; called in its thread."""
    turn = _mine.get()
    if turn is None:
        yield
        return
    turn.loop.call_soon_threadsafe(turn.free.release)
    try:
        yield
    finally:
        again = asyncio.run_coroutine_threadsafe(turn.free.acquire(), turn.loop)
        again.result(AGAIN_SECONDS)
