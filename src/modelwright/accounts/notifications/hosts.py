"""Which hosts the server may talk to on somebody's behalf.

A webhook makes the server send requests where its owner says. Loopback, link-local and private
addresses are closed unless a setting opens a network: behind them is what the outside can't reach.
"""

import ipaddress
import socket

from django.conf import settings

from modelwright.accounts.errors import HostClosedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


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


def _is_open(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(
        address in ipaddress.ip_network(network)
        for network in settings.NOTIFY_NETWORKS
        if ipaddress.ip_network(network).version == address.version
    ):
        return True
    return address.is_global and not address.is_multicast
