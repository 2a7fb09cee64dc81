"""Accounts and groups: what may be made, what follows from it, what is recorded."""

import pytest

from modelwright.accounts.errors import UserExistsError, UserNotFoundError
from modelwright.accounts.models import AuditEntry, User
from modelwright.accounts.roles import Action, Role, may, role_of
from modelwright.accounts.selectors import user_get
from modelwright.accounts.services import (
    token_create,
    token_revoke,
    tokens_revoke_all,
    user_create,
    user_set_groups,
    user_set_password,
)
from modelwright.core.errors import InvalidInputError

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def test_a_user_is_made_with_groups_and_a_password() -> None:
    made = user_create(username="ann", groups=["DRH"], password=PASSWORD)
    ann = user_get("ann")
    assert ann.check_password(PASSWORD)
    assert made.password == PASSWORD
    assert PASSWORD not in ann.password
    assert role_of(ann) is Role.TRAINER
    entry = AuditEntry.objects.get(verb="user.created")
    assert entry.after == {"username": "ann", "groups": ["DRH"], "superuser": False}


def test_a_password_is_made_where_none_is_given() -> None:
    one, two = user_create(username="ann"), user_create(username="bob")
    assert one.password != two.password
    assert len(one.password) >= 16
    assert one.user.check_password(one.password)


@pytest.mark.parametrize(
    "password", ["", " ", "short", "password1234", "1234567890", "annannann1", "qwertyuiop"]
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        user_create(username="annannann", password=password)
    assert "password" in caught.value.details
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a\0b", "x" * 151, "<script>", "a\nb", "../x"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        user_create(username=name)
    assert "username" in caught.value.details


@pytest.mark.parametrize("twin", ["ann", "Ann", "ANN", "\uff41nn"])
def test_a_name_is_taken_whatever_its_case_or_spelling(twin: str) -> None:
    user_create(username="ann")
    with pytest.raises(UserExistsError):
        user_create(username=twin)


def test_an_unknown_group_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInputError, match="DRH, MANAGER, RESPONSABLE_RH"):
        user_create(username="ann", groups=["HR"])
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("group", "role"),
    [
        ("DRH", Role.TRAINER), ("RESPONSABLE_RH", Role.TRAINER), ("MANAGER", Role.VIEWER),
        ("admin", Role.ADMIN), ("trainer", Role.TRAINER), ("viewer", Role.VIEWER),
    ],
)  # fmt: skip
def test_each_group_carries_its_role(group: str, role: Role) -> None:
    user = user_create(username="ann", groups=[group]).user
    assert role_of(user) is role
    assert user.is_staff is (role is Role.ADMIN)


def test_the_highest_group_counts_and_none_means_nothing() -> None:
    user = user_create(username="ann", groups=["MANAGER", "trainer"]).user
    assert role_of(user) is Role.TRAINER
    stranger = user_create(username="bob").user
    assert may(stranger, Action.SIGNED_IN)
    assert not any(may(stranger, action) for action in Action if action is not Action.SIGNED_IN)


def test_a_superuser_may_everything_unless_closed() -> None:
    user = user_create(username="root", superuser=True).user
    assert all(may(user, action) for action in Action)
    user.is_active = False
    assert not any(may(user, action) for action in Action)


def test_other_groups_change_role_and_staff_and_are_recorded() -> None:
    user = user_create(username="ann", groups=["admin"]).user
    user_set_groups(user=user, groups=["viewer"])
    user.refresh_from_db()
    assert (user.is_staff, role_of(user)) == (False, Role.VIEWER)
    entry = AuditEntry.objects.get(verb="user.changed")
    assert (entry.before, entry.after) == ({"groups": ["admin"]}, {"groups": ["viewer"]})


def test_a_password_is_never_in_the_log() -> None:
    user = user_create(username="ann", password=PASSWORD).user
    new = user_set_password(user=user)
    user.refresh_from_db()
    assert user.check_password(new)
    log = str(list(AuditEntry.objects.values()))
    assert PASSWORD not in log
    assert new not in log
    assert user.password not in log


def test_tokens_are_revoked_one_by_one_or_all() -> None:
    user = user_create(username="ann").user
    for _ in range(3):
        assert len(token_create(user=user)) > 40
    token_revoke(token=user.auth_token_set.first())
    assert tokens_revoke_all(user=user) == 2
    assert tokens_revoke_all(user=user) == 0
    assert AuditEntry.objects.filter(verb="token.revoked").count() == 2


def test_an_unknown_user_is_said_to_be_unknown() -> None:
    with pytest.raises(UserNotFoundError, match="bob"):
        user_get("bob")
