"""Moving a database: tables made, rows copied, sequences set, everything compared.

On PostgreSQL all of it is one transaction: whoever kills it, or pulls the plug, leaves the target
as empty as it was, and it is simply done again.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import environ
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Field, Model

from modelwright.core.service_urls import database_options
from modelwright.operations.transfer.digests import Digest, digest_of
from modelwright.operations.transfer.errors import TransferError

READ_ROWS = 2000
WRITE_ROWS = 200
NOT_OURS = "django_migrations"  # the target has its own

Say = Callable[[str, int], None]


@dataclass(frozen=True)
class Moved:
    """What was moved.

    Attributes
    ----------
    tables : int
    rows : int
    """

    tables: int
    rows: int


def database_add(alias: str, url: str) -> BaseDatabaseWrapper:
    """Make a database known to Django under a name and return the connection, which is tried.

    Parameters
    ----------
    alias : str
    url : str
        As `MODELWRIGHT_DATABASE_URL`.

    Raises
    ------
    TransferError
        The address can't be meant, or nobody answers there.
    """
    try:
        embedded = url.startswith("sqlite:///")
        config = environ.Env.db_url_config(url) if embedded else database_options(url)
    except (ImproperlyConfigured, ValueError) as error:
        raise TransferError(
            "That is no address of a database: write postgres://user:password@host:5432/name."
        ) from error
    connections.settings[alias] = connections.configure_settings({"default": {}, alias: config})[
        alias
    ]
    found = connections[alias]
    try:
        found.ensure_connection()
    except (DatabaseError, ImportError) as error:
        raise TransferError(
            f"The target can't be reached: {_first_line(error)}. Start it, make the database, or"
            " correct the address."
        ) from error
    return found


def database_move(source: str, target: str, *, say: Say = lambda _what, _rows: None) -> Moved:
    """Copy everything from one database into another, empty one, and compare both.

    While it lasts nobody can write to the source, where that is SQLite; a PostgreSQL is read as it
    was at the beginning.

    Parameters
    ----------
    source, target : str
        Names of Django connections.
    say : callable
        `say(table, rows)`, called for each table that has been copied and compared.

    Raises
    ------
    TransferError
        The source is not of this version, the target is not empty, a row can't be stored there, or
        what is there afterwards differs. The target is then as it was before.
    """
    _require_current(source)
    _require_empty(target)
    to = connections[target]
    try:
        if to.vendor == "sqlite":  # a draft: its tables can't be made within a transaction
            call_command("migrate", database=target, interactive=False, verbosity=0)
        with _held(source), transaction.atomic(using=target):
            if to.vendor != "sqlite":
                call_command("migrate", database=target, interactive=False, verbosity=0)
            return _copy_all(source, target, say)
    except DatabaseError as error:
        raise TransferError(f"The database could not be moved: {_first_line(error)}.") from error


def _copy_all(source: str, target: str, say: Say) -> Moved:
    models = _models()
    if connections[target].vendor == "postgresql":  # making the tables has set them to IMMEDIATE
        with connections[target].cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    with connections[target].constraint_checks_disabled():
        for model in models:  # what migrations have put there: it is in the source, too
            if model._base_manager.using(target).exists():
                model._base_manager.using(target).all().delete()
        moved = 0
        for model in models:
            digest = _copy(model, source, target)
            moved += digest.rows
            say(model._meta.db_table, digest.rows)
    connections[target].check_constraints()
    with connections[target].cursor() as cursor:
        for statement in connections[target].ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
    return Moved(len(models), moved)


def _models() -> list[type[Model]]:
    """Return every table that Django knows, those between two others included; each once."""
    found = apps.get_models(include_auto_created=True)
    return [m for m in found if m._meta.managed and not m._meta.proxy]


def _copy(model: type[Model], source: str, target: str) -> Digest:
    table = model._meta.db_table
    try:
        wanted = digest_of(_passing(model, source, target))
    except (DatabaseError, ValueError) as error:
        raise TransferError(
            f"A row of {table} can't be stored in the target: {_first_line(error)}"
        ) from error
    found = digest_of(_rows(model, target))
    if found != wanted:
        raise TransferError(
            f"{table} differs after copying: {wanted.rows} rows became {found.rows}, or their"
            " contents differ. Nothing was moved."
        )
    return found


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    return [field for field in model._meta.local_concrete_fields if not field.generated]


def _rows(model: type[Model], alias: str) -> Iterator[tuple[Any, ...]]:
    names = [field.attname for field in _fields(model)]
    rows = model._base_manager.using(alias).order_by().values_list(*names)
    return rows.iterator(chunk_size=READ_ROWS)


def _passing(model: type[Model], source: str, target: str) -> Iterator[tuple[Any, ...]]:
    """Write every row of the source to the target, and yield it."""
    to = connections[target]
    fields = _fields(model)
    put = _put_postgres if to.vendor == "postgresql" else _put_others
    with put(to, model._meta.db_table, [str(field.column) for field in fields]) as write:
        reading = _rows(model, source)
        while rows := list(islice(reading, WRITE_ROWS)):
            write(
                [
                    tuple(
                        field.get_db_prep_save(value, connection=to)
                        for field, value in zip(fields, row, strict=True)
                    )
                    for row in rows
                ]
            )
            yield from rows


Write = Callable[[list[tuple[Any, ...]]], None]


@contextlib.contextmanager
def _put_postgres(to: BaseDatabaseWrapper, table: str, columns: list[str]) -> Iterator[Write]:
    """Write by COPY, which is what PostgreSQL loads fastest by."""
    names = ", ".join(to.ops.quote_name(name) for name in columns)
    statement = f"COPY {to.ops.quote_name(table)} ({names}) FROM STDIN"
    with to.wrap_database_errors, to.cursor() as cursor, cursor.copy(statement) as copy:

        def write(rows: list[tuple[Any, ...]]) -> None:
            for row in rows:
                copy.write_row(row)

        yield write


@contextlib.contextmanager
def _put_others(to: BaseDatabaseWrapper, table: str, columns: list[str]) -> Iterator[Write]:
    names = ", ".join(to.ops.quote_name(name) for name in columns)
    marks = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {to.ops.quote_name(table)} ({names}) VALUES ({marks})"  # noqa: S608
    with to.cursor() as cursor:
        yield lambda rows: cursor.executemany(statement, rows)


@contextlib.contextmanager
def _held(source: str) -> Iterator[None]:
    """Hold the source as it is: by SQLite's lock on writing, or by a snapshot of PostgreSQL."""
    with transaction.atomic(using=source):
        if connections[source].vendor == "postgresql":
            with connections[source].cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _require_current(source: str) -> None:
    executor = MigrationExecutor(connections[source])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise TransferError(
            "The present database is not of this version: run `modelwright prepare` first."
        )


def _require_empty(target: str) -> None:
    with connections[target].cursor() as cursor:
        tables = connections[target].introspection.table_names(cursor)
    if tables:
        raise TransferError(
            f"The target is not empty: it has {len(tables)} tables ({', '.join(tables[:3])} …)."
            " Give the address of a new, empty database: nothing is ever written over."
        )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
