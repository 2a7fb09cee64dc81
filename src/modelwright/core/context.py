"""Who is acting, from where: set at the edge (request, command, worker), read by the log."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Origin:
    """Where an action comes from.

    Attributes
    ----------
    channel : str
        `web`, `api`, `cli`, `worker`, `scheduler` or `system`.
    address : str
        The client's IP address, empty where there is none.
    request_id : str
        Joins log lines and audit entries of one request, and of the jobs that it has queued.
    user_id : int or None
        The account that acts, None for the system itself.
    job_id : str
        Of the job that is worked on, empty where it is none.
    """

    channel: str = "system"
    address: str = ""
    request_id: str = ""
    user_id: int | None = None
    job_id: str = ""


_SYSTEM = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_SYSTEM)


def current_origin() -> Origin:
    """Return where the present action comes from."""
    return _origin.get()


def request_id_now() -> str:
    """Return the id of the present request, for what it leaves behind; empty: none."""
    return _origin.get().request_id


@contextlib.contextmanager
def acting(origin: Origin) -> Iterator[None]:
    """Run a block as coming from `origin`."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def origin_of_request(request_id: str) -> None:
    """Say which request the present action goes back to; ends with its block."""
    _origin.set(replace(_origin.get(), request_id=request_id))


def origin_refine(*, channel: str, user_id: int | None) -> None:
    """Say more of where the present action comes from, once it is known; ends with its block."""
    _origin.set(replace(_origin.get(), channel=channel, user_id=user_id))
