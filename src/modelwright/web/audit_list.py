"""The audit log as its page shows it: filters, rows, and what changed."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.paginator import Page as Rows
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from modelwright.accounts.audit import Verb
from modelwright.accounts.models import AuditEntry
from modelwright.accounts.selectors import audit_entries
from modelwright.runs.models import TrainingRun
from modelwright.web.address import Address, Pill

PAGE_SIZE = 50
ORDER = ("who", "verb", "channel", "from", "to", "search", "page")
TITLES = {
    "who": "Who",
    "verb": "What",
    "channel": "Through",
    "from": "From",
    "to": "To",
    "search": "Search",
}
CHANNELS = ("web", "api", "cli", "worker", "scheduler", "system")


@dataclass(frozen=True)
class Change:
    """One field before and after; None where there was, or is, none."""

    name: str
    before: Any
    after: Any


def changes_of(entry: AuditEntry) -> list[Change]:
    """Return the fields that an entry says were different afterwards."""
    before, after = entry.before or {}, entry.after or {}
    names = dict.fromkeys([*before, *after])
    return [
        Change(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name) and (before.get(name), after.get(name)) != (None, "")
    ]


def address_of(entry: AuditEntry) -> str:
    """Return the page of what an entry is about, empty where it has none."""
    if entry.object_type == TrainingRun._meta.label_lower:
        return reverse("model_run", args=[entry.object_id])  # it knows the pages of both kinds
    return ""


def _day(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), tzinfo=dt.UTC)
    except ValueError:
        return None


class AuditList:
    """What one request for the log asks for."""

    verbs = tuple(Verb)
    channels = CHANNELS

    def __init__(self, request: HttpRequest) -> None:
        self.address = Address.read(reverse("audit"), ORDER, request.GET)

    def _matching(self) -> QuerySet[AuditEntry]:
        entries = audit_entries()
        get = self.address.get
        if who := get("who"):
            entries = entries.filter(actor_name="" if who == "system" else who)
        if verb := get("verb"):
            entries = entries.filter(verb=verb)
        if channel := get("channel"):
            entries = entries.filter(channel=channel)
        if since := _day(get("from")):
            entries = entries.filter(at__gte=since)
        if until := _day(get("to")):
            entries = entries.filter(at__lt=until + dt.timedelta(days=1))
        if text := get("search"):
            entries = entries.filter(
                Q(object_label__icontains=text)
                | Q(object_id=text)
                | Q(address=text)
                | Q(request_id=text)
                | Q(actor_name__icontains=text)
            )
        return entries

    @cached_property
    def rows(self) -> Rows[AuditEntry]:
        """Return the entries of the page that is asked for."""
        return Paginator(self._matching(), PAGE_SIZE).get_page(self.address.get("page") or 1)

    @property
    def entries(self) -> list[tuple[AuditEntry, list[Change], str]]:
        """Return the entries with what changed and where to see it."""
        return [(entry, changes_of(entry), address_of(entry)) for entry in self.rows]

    @property
    def filters(self) -> dict[str, str]:
        """Return the values of the filter fields."""
        return {name.replace("from", "since"): self.address.get(name) for name in TITLES}

    @property
    def pills(self) -> list[Pill]:
        """Return the filters in force."""
        return [
            Pill(title, self.address.get(name), str(self.address.having(**{name: ""})))
            for name, title in TITLES.items()
            if self.address.get(name)
        ]

    @property
    def clear_all(self) -> str:
        """Return the address without any filter."""
        return self.address.path

    @property
    def previous_page(self) -> str:
        """Return the address of the page before, empty on the first."""
        if not self.rows.has_previous():
            return ""
        return str(self.address.having(page=str(self.rows.previous_page_number())))

    @property
    def next_page(self) -> str:
        """Return the address of the page after, empty on the last."""
        if not self.rows.has_next():
            return ""
        return str(self.address.having(page=str(self.rows.next_page_number())))
