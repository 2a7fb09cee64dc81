"""What Apprise may be used for: chats and pagers by name, none that runs a program.

Apprise is loaded at first use: it brings a hundred services.
"""

import logging
from importlib import import_module
from typing import Any

from modelwright.accounts.errors import DeliveryError
from modelwright.accounts.notifications.hosts import only_open_hosts
from modelwright.accounts.notifications.messages import Message

SERVICES = frozenset(
    [
        "discord", "gchat", "gotify", "gotifys", "json", "jsons", "mailto", "mailtos", "matrix",
        "matrixs", "mmost", "mmosts", "msteams", "ncloud", "nclouds", "ntfy", "ntfys", "opsgenie",
        "pagerduty", "pagertree", "pbul", "pover", "rocket", "rockets", "ryver", "signl4", "slack",
        "splunk", "tgram", "twilio", "victorops", "webex", "workflows", "wxteams", "xml", "xmls",
        "zulip",
    ]
)  # fmt: skip
WORDS = {"info": "info", "warning": "warning", "critical": "failure"}
log = logging.getLogger(__name__)


def apprise_check(target: str) -> str:
    """Return why an Apprise address can't be used, or nothing."""
    scheme = _scheme(target)
    if scheme not in SERVICES:
        known = ", ".join(sorted(SERVICES))
        return f"An Apprise address begins with one of: {known} (and ://)."
    service = _load(target)
    if service is not None and _reads_files(service):
        return "An Apprise address may not name a file of the server (template, keyfile, attach)."
    if service is None:
        return f"Apprise can't read this {scheme}:// address: see its documentation for the form."
    return ""


def apprise_send(target: str, message: Message) -> None:
    """Send a message through Apprise.

    Raises
    ------
    DeliveryError
        It was not taken.
    HostClosedError
        The address leads to a host that is closed.
    """
    service = _load(target)
    if service is None or _reads_files(service):
        raise DeliveryError("Apprise can't read the channel's address: enter it again.")
    word = "success" if message.items[-1].state == "resolved" else WORDS[message.severity]
    with only_open_hosts():
        taken = service.notify(body=message.text, title=message.title, notify_type=word)
    if not taken:
        raise DeliveryError(f"The service behind {_scheme(target)}:// did not take it.")


def _scheme(target: str) -> str:
    return target.partition("://")[0].lower()


def _load(target: str) -> Any:
    apprise = import_module("apprise")
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines may hold tokens
    asset = apprise.AppriseAsset(http_redirects=False)
    service = apprise.Apprise(asset=asset)
    return service if service.add(target) else None


def _reads_files(service: Any) -> bool:
    """Tell whether the address names files, which the service would read here and send away."""
    kind = import_module("apprise").AppriseAttachment
    return any(
        isinstance(value, kind) and len(value) > 0
        for plugin in service
        for value in vars(plugin).values()
    )
