"""HTTP/1.1 over asyncio: little work for whoever asks, so that many can ask from one process."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

IDLE_SECONDS = 3.0  # the server hangs up after five
PIECE_BYTES = 256 * 1024
ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back; status 0: nothing whole did."""

    status: int
    body: bytes = b""


class Lines:
    """The connections of one asker to a server, kept open as a browser does.

    Parameters
    ----------
    url : str
        Of the server.
    headers : mapping
        Sent with each request.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._headers = [("Host", parts.netloc), *headers.items()]
        self._free: list[_Connection] = []

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send a request, JSON if nothing else is said, and return the whole answer."""
        own = {"Content_Type": "application/json", **headers} if body else headers
        sent = [*self._headers, *((name.replace("_", "-"), own[name]) for name in own)]
        sent += [("Content-Length", str(len(body)))] if body else []
        request = h11.Request(method=method, target=path, headers=sent)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                connection = await self._connection()
                answer = await connection.ask(request, body)
        except (OSError, TimeoutError, h11.RemoteProtocolError):
            return Answer(0)
        self._free.append(connection)
        return answer

    async def _connection(self) -> "_Connection":
        while self._free:
            connection = self._free.pop()
            if connection.is_good():
                return connection
            connection.close()
        return _Connection(*await asyncio.open_connection(self._host, self._port))

    def close(self) -> None:
        """Hang up."""
        for connection in self._free:
            connection.close()
        self._free.clear()


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._state = h11.Connection(h11.CLIENT)
        self._used = time.monotonic()

    def is_good(self) -> bool:
        is_whole = self._state.our_state is h11.IDLE and not self._reader.at_eof()
        return is_whole and time.monotonic() - self._used < IDLE_SECONDS

    def close(self) -> None:
        self._writer.close()

    async def ask(self, request: h11.Request, body: bytes) -> Answer:
        try:
            return await self._ask(request, body)
        except BaseException:
            self.close()
            raise

    async def _ask(self, request: h11.Request, body: bytes) -> Answer:
        events = (request, *([h11.Data(body)] if body else []), h11.EndOfMessage())
        self._writer.write(b"".join(self._state.send(event) or b"" for event in events))
        status, pieces = 0, []
        while True:
            event = self._state.next_event()
            if event is h11.NEED_DATA:
                self._state.receive_data(await self._reader.read(PIECE_BYTES))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                pieces.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                break
        if self._state.our_state is h11.DONE and self._state.their_state is h11.DONE:
            self._state.start_next_cycle()
        self._used = time.monotonic()
        return Answer(status, b"".join(pieces))
