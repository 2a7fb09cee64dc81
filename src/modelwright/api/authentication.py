"""API tokens, from headers that may hold any bytes."""

from typing import Any

from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.exceptions import AuthenticationFailed


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]  # no types
    """`Authorization: Token <key>`; only the key's hash is stored."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """Return the user and the token, or refuse."""
        if not token.isascii() or b"\0" in token:
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)
