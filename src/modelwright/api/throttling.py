"""How often somebody may write, and try a password."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView


class WriteThrottle(SimpleRateThrottle):
    """Counts writes per user, or per address where nobody is signed in.

    The address is the connection's: a header that the client may invent doesn't count.
    """

    scope = "write"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Let reads pass."""
        return request.method in SAFE_METHODS or super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        """Return whose writes are counted."""
        user = request.user
        who = f"user-{user.pk}" if user and user.is_authenticated else _address(request)
        return f"throttle-{self.scope}-{who}"


class ReadingsThrottle(WriteThrottle):
    """Counts batches of readings, of which a gateway may send one a minute for each machine."""

    scope = "readings"


class PredictThrottle(WriteThrottle):
    """Counts requests for predictions, and those that bring actual values: there are many."""

    scope = "predict"


class SignInThrottle(SimpleRateThrottle):
    """Counts password checks per address, beside the lock per name and address."""

    scope = "sign_in"
    rate = "100/minute"

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        """Return whose attempts are counted."""
        return f"throttle-{self.scope}-{_address(request)}"


def _address(request: Request) -> str:
    return f"address-{request.META.get('REMOTE_ADDR', '')}"
