"""Which host names a server on all networks answers to, where nobody has said so."""

import ipaddress
import os
import socket

import psutil

VARIABLE = "MODELWRIGHT_ALLOWED_HOSTS"
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


def allowed_hosts(host: str) -> str:
    """Return the value of MODELWRIGHT_ALLOWED_HOSTS for a server that listens on `host`.

    What the variable says is kept. Without it: this machine, `host`, and where `host` stands for
    all networks, every name and address of this machine. Never `*`: a page of another site that
    points its name at this server (DNS rebinding) stays locked out.
    """
    if stated := os.environ.get(VARIABLE):
        return stated
    names = dict.fromkeys(_LOCAL)
    names.update(dict.fromkeys(_own_names() if _is_any(host) else [_as_host(host)]))
    return ",".join(names)


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _own_names() -> list[str]:
    name = socket.gethostname().lower()
    addresses = [
        _as_host(entry.address.partition("%")[0])
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6)
    ]
    return [name, *addresses]


def _as_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
