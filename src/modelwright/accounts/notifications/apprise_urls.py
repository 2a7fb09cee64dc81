"""What Apprise may be used for: chats and pagers by name, none that runs a program.

Apprise is loaded at first use: it brings a hundred services.
"""

import logging
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from modelwright.accounts.errors import DeliveryError
from modelwright.accounts.notifications.hosts import host_resolve
from modelwright.accounts.notifications.messages import Message

# Those that talk to a service of fixed address.
SERVICES = frozenset(
    [
        "discord",
        "gchat",
        "msteams",
        "opsgenie",
        "pagerduty",
        "pagertree",
        "pbul",
        "pover",
        "ryver",
        "signl4",
        "slack",
        "splunk",
        "tgram",
        "twilio",
        "victorops",
        "webex",
        "workflows",
        "wxteams",
        "zulip",
    ]
)
# Those whose address names a host: it must be open (`hosts`).
HOSTED = frozenset(
    [
        "gotify",
        "gotifys",
        "json",
        "jsons",
        "mailto",
        "mailtos",
        "matrix",
        "matrixs",
        "mmost",
        "mmosts",
        "ncloud",
        "nclouds",
        "ntfy",
        "ntfys",
        "rocket",
        "rockets",
        "xml",
        "xmls",
    ]
)
WORDS = {"info": "info", "warning": "warning", "critical": "failure"}
log = logging.getLogger(__name__)


def apprise_check(target: str) -> str:
    """Return why an Apprise address can't be used, or nothing."""
    scheme = urlsplit(target).scheme.lower()
    if scheme not in SERVICES | HOSTED:
        known = ", ".join(sorted(SERVICES | HOSTED))
        return f"An Apprise address begins with one of: {known} (and ://)."
    if _load(target) is None:
        return f"Apprise can't read this {scheme}:// address: see its documentation for the form."
    return ""


def apprise_send(target: str, message: Message) -> None:
    """Send a message through Apprise.

    Raises
    ------
    DeliveryError
        It was not taken.
    HostClosedError
        The address names a host that is closed.
    """
    parts = urlsplit(target)
    if parts.scheme.lower() in HOSTED and parts.hostname:
        host_resolve(parts.hostname, parts.port or 443)
    service = _load(target)
    if service is None:
        raise DeliveryError("Apprise can't read the channel's address: enter it again.")
    word = "success" if message.items[-1].state == "resolved" else WORDS[message.severity]
    if not service.notify(body=message.text, title=message.title, notify_type=word):
        raise DeliveryError(f"The service behind {parts.scheme}:// did not take it.")


def _load(target: str) -> Any:
    apprise = import_module("apprise")
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines may hold tokens
    service = apprise.Apprise()
    return service if service.add(target) else None
