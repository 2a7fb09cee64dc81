"""What is sent: one notice, or several of a digest."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from modelwright.accounts.notification_models import Severity

RANK = {severity: rank for rank, severity in enumerate(Severity.values)}


@dataclass(frozen=True)
class Item:
    """One notice of a message.

    Parameters
    ----------
    incident, event, state, severity, title, body, link : str
    data : mapping
        JSON-safe facts.
    at : datetime
        When it happened.
    """

    incident: str
    event: str
    state: str
    severity: str
    title: str
    body: str
    link: str
    at: dt.datetime
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """What a channel gets in one go.

    Parameters
    ----------
    key : str
        The same for each try of the same message, so that a receiver can drop a repetition.
    items : tuple of Item
        At least one.
    """

    key: str
    items: tuple[Item, ...]

    @property
    def severity(self) -> str:
        """Return the highest severity."""
        return max((item.severity for item in self.items), key=RANK.__getitem__)

    @property
    def title(self) -> str:
        """Return one line."""
        if len(self.items) == 1:
            item = self.items[0]
            return f"{_mark(item)}{item.title}"[:250]
        return f"[Modelwright] {len(self.items)} notices"

    @property
    def text(self) -> str:
        """Return the whole in plain text."""
        return "\n\n".join(_paragraph(item, alone=len(self.items) == 1) for item in self.items)


def _mark(item: Item) -> str:
    word = "RESOLVED" if item.state == "resolved" else item.severity.upper()
    return f"[{word}] "


def _paragraph(item: Item, *, alone: bool) -> str:
    head = [] if alone else [f"{_mark(item)}{item.title}"]
    when = f"{item.at:%Y-%m-%d %H:%M} UTC"
    return "\n".join([*head, *filter(None, (item.body, item.link, when))])
