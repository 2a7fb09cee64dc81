"""The audit log: written by every sign-in, and never changed."""

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction
from django.test import Client

from modelwright.accounts.models import AuditEntry, User
from modelwright.accounts.roles import ROLE_OF_GROUP
from modelwright.accounts.services import user_create

PASSWORD = "correct horse battery"


@pytest.fixture
def entry(db: None) -> AuditEntry:
    user_create(username="ann", password=PASSWORD)
    return AuditEntry.objects.get()


def test_an_entry_is_never_changed(entry: AuditEntry) -> None:
    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
        AuditEntry.objects.update(actor_name="nobody")
    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
        entry.save()
    entry.refresh_from_db()
    assert entry.actor_name == ""


def test_an_entry_is_never_deleted(entry: AuditEntry) -> None:
    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
        entry.delete()
    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
        AuditEntry.objects.all().delete()
    with (
        pytest.raises(DatabaseError, match="only added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM audit_entries WHERE id > 0")
    assert AuditEntry.objects.count() == 1


def test_an_entry_outlives_its_user(entry: AuditEntry) -> None:
    User.objects.filter(username="ann").delete()
    assert AuditEntry.objects.filter(pk=entry.pk).exists()


@pytest.mark.django_db
def test_the_groups_are_there_from_the_start() -> None:
    names = set(Group.objects.values_list("name", flat=True))
    # (a test that empties the tables takes them along: the service makes them again)
    assert names in (set(ROLE_OF_GROUP), set())


def test_the_migration_names_the_groups_of_the_role_table() -> None:
    from importlib import import_module  # noqa: PLC0415  (the name begins with a digit)

    migration = import_module("modelwright.accounts.migrations.0002_groups_and_append_only_log")
    assert set(migration.GROUPS) == set(ROLE_OF_GROUP)


def test_signing_in_out_and_failing_are_recorded(entry: AuditEntry) -> None:
    client = Client()
    client.post("/login", {"username": "ann", "password": "wrong"})
    client.post("/login", {"username": "ann", "password": PASSWORD})
    client.post("/logout")
    seen = list(
        AuditEntry.objects.order_by("id").values_list(
            "verb", "object_label", "actor_name", "channel", "address"
        )
    )[1:]
    assert seen == [
        ("session.failed", "ann", "", "web", "127.0.0.1"),
        ("session.signed_in", "ann", "ann", "web", "127.0.0.1"),
        ("session.signed_out", "ann", "ann", "web", "127.0.0.1"),
    ]
    assert "wrong" not in str(list(AuditEntry.objects.values()))


def test_a_failure_of_an_unknown_name_is_recorded_too(db: None) -> None:
    Client().post("/login", {"username": "nobody", "password": "x"})
    failed = AuditEntry.objects.get()
    assert (failed.verb, failed.object_label, failed.object_id) == ("session.failed", "nobody", "")
