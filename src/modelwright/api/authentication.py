"""API tokens, from headers that may hold any bytes."""

from typing import Any

from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed

from modelwright.core.clock import now


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]  # no types
    """`Authorization: Token <key>`; only the key's hash is stored."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """Return the user and the token, or refuse."""
        if not token.isascii() or b"\0" in token:
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)

    def _cleanup_token(self, auth_token: AuthToken) -> bool:
        """Tell whether this token has run out; the library would read all of the user's."""
        if auth_token.expiry is None or auth_token.expiry > now():
            return False
        auth_token.delete()
        return True
