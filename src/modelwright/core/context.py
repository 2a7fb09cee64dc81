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
        Joins log lines and audit entries of one request.
    user_id : int or None
        The account that acts, None for the system itself.
    """

    channel: str = "system"
    address: str = ""
    request_id: str = ""
    user_id: int | None = None


_SYSTEM = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_SYSTEM)


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


def origin_refine(*, channel: str, user_id: int | None) -> None:
    """Say more of where the present action comes from, once it is known; ends with its block."""
    _origin.set(replace(_origin.get(), channel=channel, user_id=user_id))
