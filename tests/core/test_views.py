"""Views of the database come back after migrations, and only where they must."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from modelwright.core import views
from modelwright.core.models import Counter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tallies() -> Iterator[None]:
    """A view of the counters."""
    views.view_register("v_tallies", lambda _: "SELECT name, value FROM counters")
    yield
    views._views.pop("v_tallies")
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW IF EXISTS v_tallies")


def rows(sql: str) -> list[tuple[object, ...]]:
    """Return what a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_a_migration_makes_the_views(tallies: None) -> None:
    Counter.objects.create(name="runs", value=3)
    call_command("migrate", verbosity=0)
    assert rows("SELECT * FROM v_tallies") == [("runs", 3)]


def test_a_view_that_is_as_it_should_be_is_left_alone(tallies: None) -> None:
    views.views_create(using="default", plan=[])
    with CaptureQueriesContext(connection) as queries:
        views.views_drop(using="default", plan=[])
        views.views_create(using="default", plan=[])
    assert not [q for q in queries if "VIEW" in q["sql"].upper().split("'")[0]]


def test_a_view_that_was_changed_is_made_anew(tallies: None) -> None:
    views.views_create(using="default", plan=[])
    views.view_register("v_tallies", lambda _: "SELECT value AS counted FROM counters")
    Counter.objects.create(name="runs", value=3)
    views.views_create(using="default", plan=[])
    assert rows("SELECT counted FROM v_tallies") == [(3,)]


def test_views_make_way_for_a_migration(tallies: None) -> None:
    views.views_create(using="default", plan=[])
    views.views_drop(using="default", plan=["something"])
    names = connection.introspection.table_names(include_views=True)
    assert not set(views._views) & set(names)
    views.views_create(using="default", plan=["something"])
    names = connection.introspection.table_names(include_views=True)
    assert set(views._views) <= set(names)


def test_every_view_answers() -> None:
    for name in views._views:
        rows(f"SELECT * FROM {name}")
