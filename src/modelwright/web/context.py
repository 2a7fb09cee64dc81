"""What every page shows around its content; computed only where a template asks for it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from modelwright.accounts.roles import Action, Role, may, role_of
from modelwright.runs.selectors import workers_alive

THEMES = ("light", "dark")


@dataclass(frozen=True)
class Entry:
    """One line of the navigation."""

    title: str
    icon: str
    address: str
    current: bool


class Page:
    """The frame of a page: navigation, theme, version, and whether anybody works."""

    version = settings.VERSION
    navigation: SafeString | None = None
    """As it is drawn, once it is."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def theme(self) -> str:
        """Return the theme that was chosen; empty: what the reader's system says."""
        chosen = self._request.COOKIES.get("theme", "")
        return chosen if chosen in THEMES else ""

    @cached_property
    def role(self) -> str:
        """Return the role's name as people read it."""
        role = role_of(self._request.user)
        return "No role" if role is Role.NONE else role.name.capitalize()

    @property
    def may_view(self) -> bool:
        """Return whether the user may see runs."""
        return may(self._request.user, Action.RUNS_VIEW)

    @property
    def may_train(self) -> bool:
        """Return whether the user may start trainings and write notes."""
        return may(self._request.user, Action.RUNS_TRAIN)

    @property
    def may_cancel(self) -> bool:
        """Return whether the user may cancel runs."""
        return may(self._request.user, Action.RUNS_CANCEL)

    @property
    def may_promote(self) -> bool:
        """Return whether the user may promote versions and make policies."""
        return may(self._request.user, Action.MODELS_PROMOTE)

    @property
    def may_admin(self) -> bool:
        """Return whether the user may open the admin site."""
        return may(self._request.user, Action.ADMIN_SITE)

    @cached_property
    def nav(self) -> list[Entry]:
        """Return the entries that this user may open."""
        entries = [
            ("Home", "home", "overview", Action.RUNS_VIEW),
            ("Training runs", "runs", "runs", Action.RUNS_VIEW),
            ("Compare", "compare", "compare", Action.RUNS_VIEW),
            ("Data sets", "file", "datasets", Action.RUNS_VIEW),
            ("Experiments", "bench", "experiments", Action.RUNS_VIEW),
            ("Searches", "search", "searches", Action.RUNS_VIEW),
            ("Machines", "machine", "machines", Action.RUNS_VIEW),
            ("Performance", "pulse", "model_performance", Action.RUNS_VIEW),
            ("Alerts", "warning", "alerts", Action.RUNS_VIEW),
            ("Registry", "registry", "subjects", Action.RUNS_VIEW),
            ("Predictions", "predictions", "batches", Action.RUNS_VIEW),
            ("A/B tests", "columns", "ab_tests", Action.RUNS_VIEW),
            ("Policies", "again", "policies", Action.RUNS_VIEW),
            ("Schedules", "clock", "schedules", Action.RUNS_VIEW),
            ("Audit log", "audit", "audit", Action.AUDIT_VIEW),
            ("Server", "server", "status", Action.SERVER_VIEW),
        ]
        return [self._entry(*entry[:3]) for entry in entries if may(self._request.user, entry[3])]

    @cached_property
    def more(self) -> list[Entry]:
        """Return the entries that lead out of the daily work."""
        entries = [self._entry("Design", "design", "design")]
        entries.append(Entry("REST API", "docs", "/docs", False))
        if self.may_admin:
            entries.append(Entry("Admin", "admin", reverse("admin:index"), False))
        return entries

    def _entry(self, title: str, icon: str, name: str) -> Entry:
        address = reverse(name)
        path = self._request.path
        inside = path.startswith(f"{address}/") and path != reverse("run_new")
        return Entry(title, icon, address, path == address or inside)

    @cached_property
    def no_worker(self) -> bool:
        """Return whether jobs would wait: nobody gives a sign of life."""
        return self.may_view and not workers_alive().exists()


def page(request: HttpRequest) -> dict[str, Any]:
    """Put the frame into the template's context."""
    return {"page": Page(request)}
