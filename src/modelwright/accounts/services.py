"""Accounts and API tokens: every write of them, each in the audit log."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from knox.models import AuthToken

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.errors import UserExistsError
from modelwright.accounts.models import User
from modelwright.accounts.roles import ROLE_OF_GROUP, Role, role_of
from modelwright.core.errors import InvalidInputError

PASSWORD_BYTES = 15


@dataclass(frozen=True)
class NewUser:
    """An account just made.

    Attributes
    ----------
    user : User
    password : str
        In clear, to be shown once; only its hash is stored.
    """

    user: User
    password: str


def password_make() -> str:
    """Return a password that nobody guesses."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def user_create(
    *,
    username: str,
    groups: Iterable[str] = (),
    superuser: bool = False,
    password: str | None = None,
    actor: User | None = None,
) -> NewUser:
    """Make an account.

    Parameters
    ----------
    username : str
        Not taken, in whatever letter case.
    groups : iterable of str
        Names of `roles.ROLE_OF_GROUP`.
    superuser : bool
        May do everything.
    password : str, optional
        Checked against the rules for passwords; without it one is made.
    actor : User, optional
        Who makes it; defaults to whoever is acting.

    Returns
    -------
    NewUser
        The account and its password in clear.

    Raises
    ------
    InvalidInputError
        The name, a group or the password is not allowed.
    UserExistsError
        The name is taken.
    """
    names = _known_groups(groups)
    user = User(username=User.normalize_username(username), is_superuser=superuser)
    password = password if password is not None else password_make()
    _check_new(user, password)
    user.set_password(password)
    if User.objects.filter(username__iexact=user.username).exists():
        raise UserExistsError(f"There is a user {user.username!r} already.")
    try:
        with transaction.atomic():
            user.save()
            _put_into(user, names)
            audit_record(
                verb=Verb.USER_CREATED,
                target=user,
                actor=actor,
                after={"username": user.username, "groups": names, "superuser": superuser},
            )
    except IntegrityError as error:
        raise UserExistsError(f"There is a user {user.username!r} already.") from error
    return NewUser(user=user, password=password)


def _check_new(user: User, password: str) -> None:
    details: dict[str, list[str]] = {}
    try:
        user.clean_fields(exclude={"password"})
    except ValidationError as error:
        details.update({name: list(messages) for name, messages in error.message_dict.items()})
    try:
        validate_password(password, user)
    except ValidationError as error:
        details["password"] = list(error.messages)
    if details:
        raise InvalidInputError(details)


def _known_groups(groups: Iterable[str]) -> list[str]:
    names = sorted(set(groups))
    if unknown := [name for name in names if name not in ROLE_OF_GROUP]:
        raise InvalidInputError(
            {
                "groups": [
                    f"There is no group {name!r}: use one of {', '.join(sorted(ROLE_OF_GROUP))}"
                    for name in unknown
                ]
            }
        )
    return names


def _put_into(user: User, names: list[str]) -> None:
    user.groups.set([Group.objects.get_or_create(name=name)[0] for name in names])
    user_sync_staff(user)


def user_sync_staff(user: User) -> None:
    """Have Django's own mark "staff" say what the role says."""
    user.__dict__.pop("group_names", None)
    staff = role_of(user) is Role.ADMIN
    if user.is_staff != staff:
        user.is_staff = staff
        user.save(update_fields=["is_staff"])


def user_set_groups(*, user: User, groups: Iterable[str], actor: User | None = None) -> User:
    """Put the account into exactly these groups."""
    names = _known_groups(groups)
    with transaction.atomic():
        before = sorted(user.groups.values_list("name", flat=True))
        _put_into(user, names)
        audit_record(
            verb=Verb.USER_CHANGED,
            target=user,
            actor=actor,
            before={"groups": before},
            after={"groups": names},
        )
    return user


def user_set_password(*, user: User, password: str | None = None, actor: User | None = None) -> str:
    """Give the account another password, made here where none is given, and return it.

    Its JWTs end with it; API tokens stay until they are revoked.
    """
    password = password if password is not None else password_make()
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInputError({"password": list(error.messages)}) from error
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        audit_record(
            verb=Verb.USER_CHANGED, target=user, actor=actor, after={"password": "(changed)"}
        )
    return password


def token_create(*, user: User, actor: User | None = None) -> str:
    """Make an API token; only its hash is stored, so this is the one time that it is seen."""
    with transaction.atomic():
        stored, token = AuthToken.objects.create(user=user)
        audit_record(
            verb=Verb.TOKEN_CREATED,
            target=user,
            actor=actor or user,
            after={"token": f"{stored.token_key[:6]}…"},
        )
    return str(token)


def token_revoke(*, token: AuthToken, actor: User | None = None) -> None:
    """End an API token."""
    with transaction.atomic():
        deleted, _ = AuthToken.objects.filter(pk=token.pk).delete()
        if deleted:
            audit_record(
                verb=Verb.TOKEN_REVOKED,
                target=token.user,
                actor=actor or token.user,
                before={"token": f"{token.token_key[:6]}…"},
            )


def tokens_revoke_all(*, user: User, actor: User | None = None) -> int:
    """End every API token of the account; return how many there were."""
    with transaction.atomic():
        deleted = int(AuthToken.objects.filter(user=user).delete()[0])
        if deleted:
            audit_record(
                verb=Verb.TOKEN_REVOKED, target=user, actor=actor, before={"tokens": deleted}
            )
    return deleted
