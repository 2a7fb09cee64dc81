"""Who may ask which model, remembered for a moment.

A grant is what the REST view finds out anew for each request: whose token it is, what they may, who
answers. It is taken for true for at most a second, and with SQLite only until anything is committed
to the database. So a token that was taken back, a group that was left or a promotion counts from
the next request on with SQLite, and within a second with another database.
"""

import asyncio
import json
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.http.request import split_domain_port, validate_host
from rest_framework.exceptions import AuthenticationFailed

from modelwright.accounts.roles import Action, may
from modelwright.api.authentication import TokenAuthentication
from modelwright.api.throttling import PredictThrottle
from modelwright.core.errors import ModelwrightError
from modelwright.registry.selectors import subject_for
from modelwright.serving.answering import file_facts
from modelwright.serving.routing import plain_champion
from modelwright.serving.selectors import serving_settings_of

SECONDS = 1.0
MAX_GRANTS = 1000
MAX_UNCOUNTED = 500
_THREADS = 4


@dataclass(frozen=True)
class Asked:
    """What a grant depends on in a request: the token, the Host header, the model's name."""

    token: bytes
    host: str
    name: str


@dataclass
class Grant:
    """What holds for requests of one kind, for the present moment.

    Parameters
    ----------
    facts : mapping
        What the journal keeps of each (JSON-safe).
    file : mapping
        What the models' process needs to find the file.
    version : int
        Number of the version that answers.
    log_share : float
        Share of requests that are kept.
    head : str
        How the answer begins, up to its `logged`.
    model_type : str
        Of the model that answers.
    used : int
        Requests that the throttle hasn't counted yet.
    """

    facts: dict[str, Any]
    file: dict[str, str]
    version: int
    log_share: float
    head: str
    model_type: str = ""
    used: int = 0


@dataclass
class _Known:
    grant: Grant | None
    until: float
    stamp: int


Load = Callable[[Asked, Grant | None], Grant | None]


def grant_load(asked: Asked, before: Grant | None) -> Grant | None:
    """Find a grant out, and have the throttle count what the one before was used for."""
    close_old_connections()
    try:
        return _grant(asked, before)
    except (AuthenticationFailed, ModelwrightError, Error):
        return None  # the REST view meets the same, and says it in words
    finally:
        close_old_connections()


def _grant(asked: Asked, before: Grant | None) -> Grant | None:
    domain, _ = split_domain_port(asked.host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return None
    user, _ = TokenAuthentication().authenticate_credentials(asked.token)
    if not may(user, Action.MODELS_PREDICT):
        return None
    if not PredictThrottle().spend_for(user.pk, before.used if before else 0):
        return None
    subject = subject_for(user, asked.name)
    version = plain_champion(subject)
    if version is None or version.is_plain:
        return None
    kept = serving_settings_of(subject)
    head = {"subject": subject.slug, "version": version.number, "model_version": version.name}
    return Grant(
        facts={
            "subject": str(subject.pk),
            "version": version.pk,
            "number": version.number,
            "user": user.pk,
            "keep_inputs": kept.keep_inputs,
        },
        file=file_facts(version),
        version=version.number,
        log_share=kept.log_share,
        head=json.dumps(head, separators=(",", ":"), ensure_ascii=False)[:-1],
        model_type=subject.model_type,
    )


def commits_stamp() -> Callable[[], int]:
    """Return what tells whether anything was committed; only SQLite does, the others never."""
    if connection.vendor != "sqlite":
        return lambda: 0
    uri = f"{Path(connection.settings_dict['NAME']).absolute().as_uri()}?mode=ro"
    looking = sqlite3.connect(uri, uri=True, isolation_level=None)

    def stamp() -> int:
        (found,) = looking.execute("PRAGMA data_version").fetchone()
        return int(found)

    return stamp


class Grants:
    """The grants of the present moment; for one event loop.

    Parameters
    ----------
    load : callable, optional
        Finds a grant out, given the one before; None: the REST view is to decide. Called on a
        thread.
    stamp : callable, optional
        Returns another number once anything was committed.
    """

    def __init__(self, load: Load = grant_load, stamp: Callable[[], int] | None = None) -> None:
        self._load = load
        self._stamp = stamp or commits_stamp()
        self._known: OrderedDict[Asked, _Known] = OrderedDict()
        self._loading: dict[tuple[Asked, int], asyncio.Task[_Known]] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="grants")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    async def get(self, asked: Asked) -> Grant | None:
        """Return what holds now; None: the REST view is to decide."""
        stamp = self._stamp()
        known = self._known.get(asked)
        if known is None or known.stamp != stamp or known.until < time.monotonic():
            known = await self._found(asked, stamp)
        if known.grant is not None:
            known.grant.used += 1
            if known.grant.used >= MAX_UNCOUNTED:
                known.until = 0.0
        return known.grant

    async def _found(self, asked: Asked, stamp: int) -> _Known:
        """Find a grant out, once for all who ask at this moment."""
        task = self._loading.get((asked, stamp))
        if task is None:
            task = asyncio.create_task(self._find(asked, stamp))
            self._loading[asked, stamp] = task
            task.add_done_callback(lambda _: self._loading.pop((asked, stamp)))
        return await asyncio.shield(task)

    async def _find(self, asked: Asked, stamp: int) -> _Known:
        until = time.monotonic() + SECONDS
        before = self._known.get(asked)
        loop = asyncio.get_running_loop()
        grant = await loop.run_in_executor(
            self._threads, self._load, asked, before.grant if before else None
        )
        known = self._known[asked] = _Known(grant, until, stamp)
        self._known.move_to_end(asked)
        while len(self._known) > MAX_GRANTS:
            self._known.popitem(last=False)
        return known
