"""What every REST view shares."""

from typing import Any, ClassVar

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from modelwright.accounts.models import User
from modelwright.api.permissions import Actions
from modelwright.core.context import origin_refine


def actor_of(request: Request) -> User:
    """Return who acts; only behind a permission that nobody passes anonymously."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


class ApiView(APIView):
    """A view that says what each method needs, and tells the audit log who acts."""

    actions: ClassVar[Actions] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check who it is and whether they may, then note it for the audit log."""
        super().initial(request, *args, **kwargs)
        user = request.user
        signed_in = user is not None and user.is_authenticated
        origin_refine(channel="api", user_id=user.pk if signed_in else None)
