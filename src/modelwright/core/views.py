"""Views of the database, for people who write SQL.

A room names its views in its app's `ready`. SQLite can't rebuild a table that a view names, and
PostgreSQL can't change its columns, so views go before migrations and are made anew after them.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

Select = Callable[[str], str]
"""Given the vendor (`sqlite` or `postgresql`), returns the view's SELECT."""

_views: dict[str, Select] = {}


def view_register(name: str, select: Select) -> None:
    """Make a view known; called once, from the `ready` of the app whose tables it shows.

    Parameters
    ----------
    name : str
        What people write after FROM.
    select : callable
        `select(vendor)` returns the SELECT statement that it stands for. It names tables only, no
        other view.
    """
    _views[name] = select


def uuid_shown(column: str, vendor: str) -> str:
    """Return SQL that shows a UUID the way REST does: with dashes.

    For columns of Django's own field: on SQLite they hold 32 digits. A `TextUUIDField` needs none
    of it.

    Examples
    --------
    >>> uuid_shown("r.id", "postgresql")
    'r.id'
    """
    if vendor != "sqlite":
        return column
    pieces = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    return " || '-' || ".join(f"substr({column}, {start}, {size})" for start, size in pieces)


def views_drop(*, using: str, plan: list[Any], **_: Any) -> None:
    """Take the views away where something is about to be migrated."""
    if not plan:
        return
    with connections[using].cursor() as cursor:
        for name in _views:
            cursor.execute(f"DROP VIEW IF EXISTS {name}")


def views_create(*, using: str, plan: list[Any] | None = None, **_: Any) -> None:
    """Make the views that are missing or stand for something else than they did.

    Those that are as they should be are left alone: whoever reads them at this moment doesn't
    notice, and rights that were granted on them hold.
    """
    connection = connections[using]
    if plan is None or not _all_migrated(connection):  # flushed only, or gone back to an old state
        return
    for name, select in _views.items():
        sql = select(connection.vendor)
        digest = hashlib.sha256(sql.encode()).hexdigest()
        with transaction.atomic(using=using), connection.cursor() as cursor:
            if _digest(cursor, connection.vendor, name) == digest:
                continue
            cursor.execute(f"DROP VIEW IF EXISTS {name}")
            if connection.vendor == "sqlite":
                cursor.execute(f"CREATE VIEW {name} AS /* {digest} */ {sql}")
            else:
                cursor.execute(f"CREATE VIEW {name} AS {sql}")
                cursor.execute(f"COMMENT ON VIEW {name} IS '{digest}'")


def _all_migrated(connection: BaseDatabaseWrapper) -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _digest(cursor: Any, vendor: str, name: str) -> str:
    """Return the digest of the SELECT that a view was made of, empty where there is no view."""
    if vendor == "sqlite":
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'view' AND name = %s", [name])
        row = cursor.fetchone()
        return row[0].partition("/* ")[2].partition(" */")[0] if row else ""
    cursor.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", [name])
    return str(cursor.fetchone()[0] or "")
