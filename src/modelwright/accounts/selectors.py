"""Reading accounts and the audit log."""

from django.db.models import QuerySet

from modelwright.accounts.errors import UserNotFoundError
from modelwright.accounts.models import AuditEntry, User
from modelwright.accounts.roles import ROLE_OF_GROUP


def user_get(username: str) -> User:
    """Return the account of this name.

    Raises
    ------
    UserNotFoundError
        There is none.
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        raise UserNotFoundError(f"There is no user {username!r}.")
    return user


def group_names() -> list[str]:
    """Return the names of the groups that carry a role."""
    return sorted(ROLE_OF_GROUP)


def audit_entries() -> QuerySet[AuditEntry]:
    """Return the audit log, newest first."""
    return AuditEntry.objects.order_by("-id")
