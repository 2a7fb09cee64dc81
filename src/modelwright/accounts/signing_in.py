"""Checking a name and a password, and recording every sign-in, sign-out and failure."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.errors import CredentialsError, LockedOutError
from modelwright.accounts.models import AuditEntry, User
from modelwright.core.clock import now
from modelwright.core.context import current_origin

LOCKED_MESSAGE = "Too many failed sign-ins: try again in {minutes} minutes."


def credentials_check(*, request: HttpRequest, username: str, password: str) -> User:
    """Return the account that name and password belong to.

    Parameters
    ----------
    request : HttpRequest
        Django's own request: the throttle reads its address and leaves its mark on it.
    username, password : str

    Returns
    -------
    User

    Raises
    ------
    CredentialsError
        They don't fit, or the account is not active.
    LockedOutError
        Too many failures of this name from this address.
    """
    user = authenticate(request, username=username, password=password)
    if isinstance(user, User):
        user_logged_in.send(sender=User, request=request, user=user)
        return user
    if getattr(request, "axes_locked_out", False):
        request.axes_locked_out = False  # type: ignore[attr-defined]  # answered here, not by axes
        raise LockedOutError(_locked_message(), retry_after=_cool_off_seconds())
    raise CredentialsError("The user name or the password is wrong.")


def _cool_off_seconds() -> int:
    return int(settings.AXES_COOLOFF_TIME.total_seconds())


def _locked_message() -> str:
    return LOCKED_MESSAGE.format(minutes=max(1, _cool_off_seconds() // 60))


def record_sign_in(user: User, **_: Any) -> None:
    """Record a sign-in."""
    audit_record(verb=Verb.SIGNED_IN, target=user, actor=user)


def record_sign_out(user: User | None, **_: Any) -> None:
    """Record a sign-out; a session that had ended already has no user."""
    if user is not None:
        audit_record(verb=Verb.SIGNED_OUT, target=user, actor=user)


def record_failure(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Record a failed sign-in; of a lock-out its beginning only, so that a flood fills no disk."""
    name = str(credentials.get("username") or "")[:150]
    locked = bool(getattr(request, "axes_locked_out", False))
    if locked and _lock_is_recorded(name):
        return
    target = User.objects.filter(username=name).first() or User(username=name)
    audit_record(verb=Verb.SIGN_IN_FAILED, target=target, label=name, after={"locked": locked})


def _lock_is_recorded(name: str) -> bool:
    return AuditEntry.objects.filter(
        verb=Verb.SIGN_IN_FAILED,
        object_label=name,
        address=current_origin().address,
        at__gte=now() - settings.AXES_COOLOFF_TIME,
        after__locked=True,
    ).exists()


def listen() -> None:
    """Hear Django's own signals of signing in; called once, when the room is ready."""
    user_logged_in.connect(record_sign_in, dispatch_uid="audit.signed_in")
    user_logged_out.connect(record_sign_out, dispatch_uid="audit.signed_out")
    user_login_failed.connect(record_failure, dispatch_uid="audit.sign_in_failed")
