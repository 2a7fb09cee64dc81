"""Downloading what a run made."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any, BinaryIO, ClassVar

from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request

from modelwright.accounts.roles import Action
from modelwright.api import training_docs as docs
from modelwright.api.base import ApiView
from modelwright.api.training_views import run_or_404
from modelwright.registry.selectors import artifact_open, version_of_run

CHUNK_BYTES = 256 * 1024


@extend_schema_view(get=docs.ARTIFACT)
class TrainingRunArtifactView(ApiView):
    """The model's file, byte for byte; it is never opened as a pickle here."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, number: int) -> HttpResponseBase:
        """Send the file."""
        version = version_of_run(run_or_404(number))
        handle = artifact_open(version)
        answer = file_answer(request, handle)
        digest = base64.b64encode(bytes.fromhex(version.sha256)).decode("ascii")
        answer["Content-Disposition"] = f'attachment; filename="{version.name}.pkl"'
        answer["Content-Length"] = str(version.size_bytes)
        answer["ETag"] = f'"{version.sha256}"'
        answer["Repr-Digest"] = f"sha-256=:{digest}:"
        return answer


def file_answer(
    request: Request, handle: BinaryIO, content_type: str = "application/octet-stream"
) -> StreamingHttpResponse:
    """Stream in pieces; under ASGI a plain file would be read into memory as a whole."""
    kind: dict[str, Any] = {"content_type": content_type}
    if isinstance(request._request, ASGIRequest):
        return StreamingHttpResponse(_pieces(handle), **kind)
    return FileResponse(handle, **kind)


async def _pieces(handle: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(handle.read, CHUNK_BYTES):
            yield piece
    finally:
        handle.close()
