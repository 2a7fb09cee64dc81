"""Who is acting, from where: set once at the edge (request, command, worker), read by the audit log."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass


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
        Joins log lines and audit entries of one request.
    user_id : int or None
        The account that acts, None for the system itself.
    """

    channel: str = "system"
    address: str = ""
    request_id: str = ""
    user_id: int | None = None


_origin: ContextVar[Origin] = ContextVar("origin", default=Origin())


def current_origin() -> Origin:
    """Return where the present action comes from."""
    return _origin.get()


@contextlib.contextmanager
def acting(origin: Origin) -> Iterator[None]:
    """Run a block as coming from `origin`."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)
