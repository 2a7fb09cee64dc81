"""Sending a long file in pieces, whichever way the server runs."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def streamed(
    request: HttpRequest, pieces: Iterator[bytes], *, name: str, size: int
) -> StreamingHttpResponse:
    """Return a download of known size; under ASGI its pieces are read apart from the event loop."""
    source = _apart(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(source, content_type="application/octet-stream")
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _apart(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
