"""How often somebody may write, and try a password."""

import math
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from modelwright.accounts.limits import counted_for, sign_in_counted_for
from modelwright.core.limits import Rate, wait_for

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView


class WriteThrottle(BaseThrottle):
    """Counts writes per user, or per address where nobody is signed in."""

    scope: ClassVar[str] = "write"
    _wait: float = 0.0

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Let reads pass, and writes that aren't too many."""
        if request.method in SAFE_METHODS:
            return True
        rate = Rate.of(settings.RATES[self.scope])
        self._wait = wait_for(f"{self.scope}:{counted_for(request.user, request)}", rate)
        return not self._wait

    def wait(self) -> float:
        """Return what `Retry-After` says."""
        return math.ceil(self._wait)


class ReadingsThrottle(WriteThrottle):
    """Counts batches of readings, of which a gateway may send one a minute for each machine."""

    scope = "readings"


class PredictThrottle(WriteThrottle):
    """Counts requests for predictions, and those that bring actual values: there are many."""

    scope = "predict"

    def spend_for(self, user_id: int, requests: int) -> bool:
        """Count requests that a user has made; return whether one more is within the rate."""
        rate = Rate.of(settings.RATES[self.scope])
        return not wait_for(f"{self.scope}:user-{user_id}", rate, requests)


class SignInThrottle(WriteThrottle):
    """Counts password checks per address, beside the lock per name and address."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Let those pass that aren't too many, with those on the sign-in page."""
        self._wait = sign_in_counted_for(request)
        return not self._wait
