"""Django's handler, made for a web server that is one process with much to do.

Django's own goes from the event loop to a thread and back for each middleware that looks at the
view, in a thread and with a connection to the database that are made for the request. All our
middleware and nearly all views are plain functions: here a request goes to a thread once, of some
that stay, when it is its turn.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from modelwright.core.turns import Turns

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
MAX_THREADS = 200  # of which few work; the others wait for a training, say


class Handler(ASGIHandler):
    """Has each request and what is around its view run in one thread; streams come from the loop.

    What changes something has turns of its own: it may wait for the database, and nobody who only
    reads waits behind it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="request")
        self._reading, self._writing = Turns(settings.WEB_TURNS), Turns(settings.WEB_TURNS)

    def load_middleware(self, is_async: bool = False) -> None:
        """Put the layers together as for a thread."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in a thread, when it is the request's turn."""
        request.META["modelwright.begun"] = time.perf_counter()
        turns = self._reading if request.method in SAFE_METHODS else self._writing
        answer = sync_to_async(self._answer, thread_sensitive=False, executor=self._threads)
        async with turns.turn():
            return await answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()
