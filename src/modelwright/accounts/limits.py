"""For whom requests are counted."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.request import Request

from modelwright.accounts.models import User
from modelwright.core.limits import Rate, wait_for


def counted_for(user: User | AnonymousUser | None, request: HttpRequest | Request) -> str:
    """Return whose requests this one is counted with: the user's, or the address's.

    The address is the connection's: a header that the client may invent doesn't count.
    """
    if user is not None and user.is_authenticated:
        return f"user-{user.pk}"
    return _address(request)


def sign_in_counted_for(request: HttpRequest | Request) -> float:
    """Count a try to sign in, whoever it is; return how long to wait where there were too many."""
    return wait_for(f"sign_in:{_address(request)}", Rate.of(settings.RATES["sign_in"]))


def _address(request: HttpRequest | Request) -> str:
    return f"address-{request.META.get('REMOTE_ADDR', '')}"[:80]
