"""JSON web tokens: a short access token, and a refresh token that is good for one use.

The library keeps refresh tokens in clear; here only their id stays, so that nobody who reads the
database can use them.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.errors import RefreshTokenError
from modelwright.accounts.models import User


@dataclass(frozen=True)
class JwtPair:
    """What a client gets.

    Attributes
    ----------
    access : str
        For the header `Authorization: Bearer …`.
    refresh : str
        Good for one exchange.
    """

    access: str
    refresh: str


def jwt_create(*, user: User) -> JwtPair:
    """Make a pair for somebody who has just proved who they are."""
    with transaction.atomic():
        pair = _issue(user)
        audit_record(verb=Verb.TOKEN_CREATED, target=user, actor=user, after={"token": "JWT"})
    return pair


def jwt_refresh(*, refresh: str) -> JwtPair:
    """Exchange a refresh token for a new pair; the old one ends.

    Raises
    ------
    RefreshTokenError
        It is not valid, was used before, or the account has changed its password or is closed.
    """
    with transaction.atomic():
        token, user = _read(refresh)
        if not _spend(token) or user is None:
            raise RefreshTokenError("The refresh token is no longer valid: sign in again.")
        return _issue(user)


def jwt_revoke(*, refresh: str) -> None:
    """End a refresh token.

    Raises
    ------
    RefreshTokenError
        It is none of ours, expired, or revoked already.
    """
    with transaction.atomic():
        token, user = _read(refresh)
        _spend(token)
        if user is not None:
            audit_record(verb=Verb.TOKEN_REVOKED, target=user, actor=user, before={"token": "JWT"})


def jwt_revoke_all(*, user: User) -> None:
    """End every refresh token of an account."""
    for row in OutstandingToken.objects.filter(user=user, blacklistedtoken__isnull=True):
        BlacklistedToken.objects.get_or_create(token=row)


def _issue(user: User) -> JwtPair:
    refresh = RefreshToken.for_user(user)
    OutstandingToken.objects.filter(jti=refresh[api_settings.JTI_CLAIM]).update(token="")
    return JwtPair(access=str(refresh.access_token), refresh=str(refresh))


def _spend(token: RefreshToken) -> bool:
    """Blacklist a token; False where somebody else has just done so."""
    made: Any = token.blacklist()  # the library says BlacklistedToken, and returns (row, is_new)
    return bool(made[1])


def _read(refresh: str) -> tuple[RefreshToken, User | None]:
    """Return the token and the account it is good for, None where that has changed since."""
    try:
        token = RefreshToken(refresh)  # type: ignore[arg-type]
    except TokenError as error:
        raise RefreshTokenError(
            "The refresh token is not valid or has expired: sign in again."
        ) from error
    user = User.objects.filter(pk=token.get(api_settings.USER_ID_CLAIM), is_active=True).first()
    if user is not None and token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(
        user.password
    ):
        user = None
    return token, user
