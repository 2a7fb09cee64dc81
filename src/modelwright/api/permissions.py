"""Deny by default: a view says what each method needs, or nobody may."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from modelwright.accounts.access import Open
from modelwright.accounts.roles import Action, may

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView

Actions = Mapping[str, Action | Open]


class RolePermission(BasePermission):
    """Reads the view's `actions`, e.g. `{"GET": Action.RUNS_VIEW}`.

    A method that a view handles and doesn't name is refused. One that it doesn't handle is refused
    in the same way to those who may do nothing with the view, and answered 405 to the others.
    """

    message = "Your account may not do this: ask an administrator for a group that may."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return whether the user may do what the method asks for."""
        actions: Actions = getattr(view, "actions", {})
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method in actions:
            return _allowed(request, actions[method])
        if method != "OPTIONS" and hasattr(view, method.lower()):
            return False
        return any(_allowed(request, action) for action in actions.values())


def _allowed(request: Request, needed: Action | Open) -> bool:
    if isinstance(needed, Open):
        return needed is Open.PUBLIC
    return may(request.user, needed)
