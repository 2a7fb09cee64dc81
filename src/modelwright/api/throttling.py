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
    """Counts requests for predictions, and those that bring actual values: there are many.

    Therefore in one number for each stretch of time: the moments of all of them, as the others keep
    them, would be read and written with each.
    """

    scope = "predict"
    num_requests: int
    duration: int

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count a request, and let it pass unless there were too many."""
        return request.method in SAFE_METHODS or self.spend(self.get_cache_key(request, view), 1)

    def spend(self, key: str, requests: int) -> bool:
        """Count requests; return whether they are still within the rate."""
        if self.rate is None:
            return True
        key = f"{key}-{int(self.timer() // self.duration)}"
        self.cache.add(key, 0, 2 * self.duration)
        return bool(self.cache.incr(key, requests) <= self.num_requests)

    def spend_for(self, user_id: int, requests: int) -> bool:
        """Count requests of a user, as `spend`."""
        return self.spend(f"throttle-{self.scope}-user-{user_id}", requests)

    def wait(self) -> float:
        """Return in how many seconds counting begins anew."""
        return float(self.duration - self.timer() % self.duration)


class SignInThrottle(SimpleRateThrottle):
    """Counts password checks per address, beside the lock per name and address."""

    scope = "sign_in"
    rate = "100/minute"

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        """Return whose attempts are counted."""
        return f"throttle-{self.scope}-{_address(request)}"


def _address(request: Request) -> str:
    return f"address-{request.META.get('REMOTE_ADDR', '')}"
