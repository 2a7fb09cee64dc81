"""The models' process asked from an event loop: bodies in, bodies out."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from modelwright.serving.hosting import host

MAX_CONNECTIONS = 8  # each is a thread over there

_Connection = tuple[int, asyncio.StreamReader, asyncio.StreamWriter]


class QuickHost:
    """Connections to the models' process; for one event loop."""

    def __init__(self) -> None:
        self._idle: list[_Connection] = []
        self._places = asyncio.Semaphore(MAX_CONNECTIONS)

    async def ask(self, request: Mapping[str, Any], body: bytes) -> tuple[int, bytes]:
        """Return how many rows a body has and its predictions as JSON; 0 rows: go the long way.

        Parameters
        ----------
        request : mapping
            `path`, `sha256` and `signature` of the model's file, the version's number as
            `version`, and the `seed` of the predictions' ids.
        body : bytes

        Raises
        ------
        OSError, EOFError
            The process can't be reached, has ended, or takes too long.
        """
        line = json.dumps({**request, "size": len(body)}).encode() + b"\n"
        async with self._places, asyncio.timeout(settings.PREDICT_TIMEOUT_SECONDS):
            connection = await self._connection()
            _, reader, writer = connection
            try:
                writer.write(line + body)
                rows, _, size = (await reader.readuntil(b"\n")).partition(b" ")
                answer = await reader.readexactly(int(size))
            except BaseException:  # cancelled, too: what comes later is the answer to this one
                writer.close()
                raise
            self._idle.append(connection)
            return int(rows), answer

    async def _connection(self) -> _Connection:
        generation = host.running()
        if generation is None:
            generation = await asyncio.to_thread(host.ensure)
        while self._idle:
            found = self._idle.pop()
            if found[0] == generation:
                return found
            found[2].close()
        return generation, *(await asyncio.open_unix_connection(host.address))
