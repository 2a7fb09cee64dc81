"""Requests that are tried again where that does no harm."""

import json
import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from modelwright.client.errors import ApiError

TRIES = 4
PIECE_BYTES = 256 * 1024
PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
AGAIN = frozenset({429, 502, 503, 504})
SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class Http:
    """One server, one account.

    Parameters
    ----------
    url : str
        Of the server.
    token : str
        An API token.
    timeout : float
        Seconds to wait for an answer.
    """

    def __init__(self, url: str, token: str, timeout: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"
        if token:
            self._session.headers["Authorization"] = f"Token {token}"

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        data: bytes | None = None,
        content_type: str = "",
        files: Mapping[str, Any] | None = None,
        repeatable: bool | None = None,
    ) -> Any:
        """Send a request and return the answer's JSON (None where there is none).

        Parameters
        ----------
        method, path : str
        query : mapping, optional
            What is None is left out.
        body : object, optional
            Sent as JSON; times and numbers of numpy and pandas, too.
        data, content_type : bytes, str
            Sent as they are.
        files : mapping, optional
            As `requests` takes them.
        repeatable : bool, optional
            Whether it may be sent again where the answer was lost; default: all but POST and PATCH.

        Raises
        ------
        ApiError
            The server refused, failed, or could not be reached.
        """
        again = method in SAFE if repeatable is None else repeatable
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        if body is not None:
            data = json.dumps(body, default=_plain, allow_nan=False).encode()
            content_type = "application/json"
        headers = {"Content-Type": content_type} if content_type else {}
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            _rewind(files or {})
            try:
                answer = self._session.request(
                    method,
                    f"{self.url}{path}",
                    params=asked,
                    data=data,
                    files=files,
                    headers=headers,
                    timeout=self._timeout,
                )
            except requests.ConnectionError as error:
                if last or not again:
                    raise ApiError(0, f"{self.url} can't be reached: is it running?") from error
                time.sleep(_pause(attempt))
                continue
            except requests.Timeout as error:
                raise ApiError(0, f"{self.url} did not answer in time.") from error
            # a server that says "not now" has done nothing
            if answer.status_code in AGAIN and not last and (again or answer.status_code == 429):
                time.sleep(_pause(attempt, answer.headers.get("Retry-After")))
                continue
            return _content(answer)
        raise AssertionError

    def download(self, path: str, target: Path) -> None:
        """Write an answer to a file, in pieces; the file is whole or not there.

        Raises
        ------
        ApiError
            The server refused, failed, or could not be reached, or broke off.
        """
        draft = target.with_name(f".{target.name}.part")
        try:
            with self._session.get(
                f"{self.url}{path}", timeout=self._timeout, stream=True, headers={"Accept": "*/*"}
            ) as answer:
                if not answer.ok:
                    _content(answer)
                with draft.open("wb") as file:
                    for piece in answer.iter_content(PIECE_BYTES):
                        file.write(piece)
                size = int(answer.headers.get("Content-Length", draft.stat().st_size))
            if draft.stat().st_size != size:
                raise ApiError(0, "The answer broke off: try again.")
            draft.replace(target)
        except requests.RequestException as error:
            raise ApiError(0, f"{self.url} can't be reached, or broke off: try again.") from error
        finally:
            draft.unlink(missing_ok=True)

    def pages(self, path: str, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield every row of a list, page by page."""
        number = 1
        while True:
            page = self.request("GET", path, query={**(query or {}), "page": number})
            yield from page["results"]
            if not page["next"]:
                return
            number += 1


def _plain(value: Any) -> Any:
    """Return what stands in JSON for a time or for a number of a library."""
    for name in ("isoformat", "item"):
        if callable(make := getattr(value, name, None)):
            return make()
    raise TypeError(f"{type(value).__name__} can't be sent: {str(value)[:60]}")


def _rewind(files: Mapping[str, Any]) -> None:
    """Go to the begin of what is sent: an earlier try may have read it."""
    for _, content in files.values():
        if hasattr(content, "seek"):
            content.seek(0)


def _pause(attempt: int, asked: str | None = None) -> float:
    if asked and asked.isdecimal():
        return min(float(asked), LONGEST_PAUSE_SECONDS)
    pause: float = PAUSE_SECONDS * 2**attempt
    return min(pause * (0.5 + random.random()), LONGEST_PAUSE_SECONDS)  # noqa: S311  (no secret)


def _content(answer: requests.Response) -> Any:
    try:
        data = answer.json() if answer.content else None
    except ValueError:
        data = None
    if answer.ok:
        return data if data is not None or not answer.content else answer.content
    found = data if isinstance(data, dict) else {}
    detail = found.get("detail") or found.get("error") or answer.reason
    raise ApiError(answer.status_code, str(detail), str(found.get("code", "")), data)
