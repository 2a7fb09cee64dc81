"""Which hosts the server may talk to on somebody's behalf.

A webhook makes the server send requests where its owner says. Loopback, link-local and private
addresses are closed unless a setting opens a network: behind them is what the outside can't reach.
"""

import contextlib
import functools
import ipaddress
import socket
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from django.conf import settings

from modelwright.accounts.errors import HostClosedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")
GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")  # all that is routed; `is_global` knows exceptions

_closed_hosts_met: ContextVar[list[str] | None] = ContextVar("closed_hosts_met", default=None)


def host_resolve(host: str, port: int) -> str:
    """Return the one address to connect to; every address that the name has must be open.

    Resolved once, here, and connected to as returned: a name that answers differently the next
    time changes nothing.

    Raises
    ------
    HostClosedError
        It has no address, or one that is closed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostClosedError(f"The host {host[:100]!r} can't be found: check the name.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in addresses:
        if not _is_open(ipaddress.ip_address(text.partition("%")[0])):
            raise HostClosedError(
                f"The host {host[:100]!r} has an address inside a closed network: an administrator"
                " can open it with MODELWRIGHT_NOTIFY_NETWORKS."
            )
    return addresses[0]


@contextlib.contextmanager
def only_open_hosts() -> Iterator[None]:
    """Let this block connect to open addresses only, whatever library does it and why.

    What others' code connects to can't be told from an address that a person gave: names change
    their answer between check and use, services redirect, parameters name other hosts. So each
    connection is looked at when it is made.

    Raises
    ------
    HostClosedError
        One was tried to a closed address; it was not made.
    """
    _watch_connections()
    met: list[str] = []
    token = _closed_hosts_met.set(met)
    try:
        yield
    finally:
        _closed_hosts_met.reset(token)
    if met:
        raise HostClosedError(
            f"The address leads to {met[0][:100]!r}, inside a closed network: an administrator can"
            " open it with MODELWRIGHT_NOTIFY_NETWORKS."
        )


@functools.cache
def _watch_connections() -> None:
    sys.addaudithook(_on_event)  # for as long as the process lives: none can be taken away


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or (met := _closed_hosts_met.get()) is None:
        return
    where = arguments[1]
    host = str(where[0]) if isinstance(where, tuple) else "a local socket"
    try:
        is_open = _is_open(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        is_open = False  # a name, which would be looked up out of sight; or no internet at all
    if not is_open:
        met.append(host)
        raise ConnectionRefusedError(f"{host} is closed to notifications")


def _is_open(address: Address) -> bool:
    inner = _wrapped(address)
    if inner is not None:
        return _is_open(inner)
    if any(
        address in ipaddress.ip_network(network)
        for network in settings.NOTIFY_NETWORKS
        if ipaddress.ip_network(network).version == address.version
    ):
        return True
    if address.version == 6 and address not in GLOBAL_IPV6:
        return False
    return address.is_global and not address.is_multicast


def _wrapped(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo
