"""Deny by default: every view says who may use it, or nobody can.

A page is decorated with `needs(Action.X)` or `public`; a REST view sets
`actions = {"GET": Action.X}` and is checked by `api.permissions`. Views of other packages stand in
`FOREIGN_VIEWS`.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from modelwright.accounts.roles import Action

View = TypeVar("View", bound=Callable[..., Any])


class Open(StrEnum):
    """Views that check for themselves, or need nobody signed in."""

    PUBLIC = "public"
    OWN_CHECK = "own_check"


# URL namespace or name -> what it needs, for views that are not ours to decorate.
FOREIGN_VIEWS: dict[str, Action | Open] = {
    "admin": Action.ADMIN_SITE,  # and once more in ModelwrightAdminSite.has_permission
}


def needs(action: Action) -> Callable[[View], View]:
    """Mark a page as open to those who may do `action`."""

    def mark(view: View) -> View:
        view.access = action  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Mark a page as open to everybody."""
    view.access = Open.PUBLIC  # type: ignore[attr-defined]
    return view


def access_of(view: Callable[..., Any], *, namespace: str, name: str) -> Action | Open | None:
    """Return what `view` needs; None means that it doesn't say, so nobody may."""
    declared: Action | Open | None = getattr(view, "access", None)
    if declared is None and hasattr(view, "view_class"):
        declared = getattr(view.view_class, "access", None)
    if declared is None and hasattr(view, "cls") and hasattr(view.cls, "actions"):
        declared = Open.OWN_CHECK  # REST: RolePermission reads `actions`
    if declared is None:
        declared = FOREIGN_VIEWS.get(namespace) or FOREIGN_VIEWS.get(name)
    return declared
