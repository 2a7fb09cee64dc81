"""What the database keeps so that a long list of runs is quick: its indexes, and its texts.

The indexes are of the shared pool alone. Each begins with a column that runs are sorted by, then
has the number, which decides among equals, and what runs are narrowed by: a list is found in one
index and only the rows of its page are read. PostgreSQL takes partial indexes for that. SQLite
without statistics would rather go by the foreign keys, so that there they come first.

`run_texts` has what is searched of every run, in an index of groups of three letters where the
database has one, and is kept by triggers: code of the version before keeps it, too.

All of it may be done twice, and is done again from where it was broken off. SQLite drops triggers
and indexes when a later migration rebuilds `model_runs`: such a migration must add both operations
again (a test fails until it does).
"""

from typing import Any

from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import RunPython
from django.db.migrations.operations.base import Operation

from modelwright.core.indexes import index_is_there

POOL = "experiment_id IS NULL AND machine_id IS NULL"
START = "SUBSTR({}, 1, 100)"
"""A text as long as it may be doesn't fit into an index; its start does."""
GRAMS = "run_texts_folded_grams"
FOUND_BY = (
    "status", "created_at", "accuracy", "precision", "recall", "f1_score",
    "training_duration_seconds", "total_samples", "n_estimators",
)  # fmt: skip
"""What stands beside the number in one index: by these, what a search has found is sorted."""
INDEXES = {
    "found": f"number, user_id, {', '.join(FOUND_BY)}",
    "status": "status, number, user_id, created_at",
    "user": "user_id, number, status, created_at",
    **{
        name: f"{name}, number, status, user_id"
        for name in (
            "created_at", "model_version", "accuracy", "precision", "recall", "f1_score",
            "training_duration_seconds", "total_samples", "n_estimators",
        )
    },
    **{
        name: f"{START.format(name)}, number, status, user_id"
        for name in ("dataset_path", "notes")
    },
    "best": "subject, accuracy, number, status",
    "latest": "subject, number, status, accuracy",
}  # fmt: skip

ALL_RUNS = {
    "subject": "subject, status, finished_at",
    "number_in_status": "status, number",
    "created": "created_at, number",
}
"""Those of runs of any kind."""
FOLDED_AT_ONCE = 10_000
WATCHED = "number, model_version, dataset_path, notes, error_message, user_id"
CHANGED = " OR ".join(f"NEW.{name} {{0}} OLD.{name}" for name in WATCHED.split(", "))


def pool_indexes() -> Operation:
    """Return the migration operation that makes the indexes of the shared pool."""

    def add(_apps: Any, schema_editor: Any) -> None:
        for name in INDEXES:
            _pool_index(schema_editor, name)
        for name, columns in ALL_RUNS.items():
            _index(schema_editor, f"model_runs_by_{name}", f"model_runs ({columns})")

    def remove(_apps: Any, schema_editor: Any) -> None:
        for name in INDEXES:
            _run(schema_editor, f"DROP INDEX IF EXISTS model_runs_pool_{name}")
        for name in ALL_RUNS:
            _run(schema_editor, f"DROP INDEX IF EXISTS model_runs_by_{name}")

    return RunPython(add, remove, atomic=False)


def found_index() -> Operation:
    """Return the migration operation that makes the index of what a search finds.

    It stands for one that had the number and what runs are narrowed by, and no more.
    """

    def add(_apps: Any, schema_editor: Any) -> None:
        _pool_index(schema_editor, "found")
        _index_drop(schema_editor.connection, "model_runs_pool_number")

    return RunPython(add, RunPython.noop, atomic=False)


def run_texts() -> Operation:
    """Return the migration operation that makes, fills and indexes the table of texts."""

    def add(_apps: Any, schema_editor: Any) -> None:
        {"sqlite": _sqlite_texts, "postgresql": _postgres_texts}[schema_editor.connection.vendor](
            schema_editor
        )

    def remove(_apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            _run(schema_editor, "DROP FUNCTION IF EXISTS run_texts_keep() CASCADE")
            _run(schema_editor, "DROP FUNCTION IF EXISTS run_texts_rename() CASCADE")
        else:
            for name in _SQLITE_TRIGGERS:
                _run(schema_editor, f"DROP TRIGGER IF EXISTS {name}")
        _run(schema_editor, "DROP TABLE IF EXISTS run_texts")

    return RunPython(add, remove, atomic=False)


def texts_folded() -> Operation:
    """Return the migration operation that has PostgreSQL keep the texts in capitals.

    What is searched for needn't be folded row by row then. Code of the version before folds them
    once more, and finds the same.
    """

    def fold(_apps: Any, schema_editor: Any) -> None:
        connection = schema_editor.connection
        if connection.vendor != "postgresql":
            return
        _run(schema_editor, _POSTGRES_TEXTS)
        with connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(max(rowid), 0) FROM run_texts")
            last = cursor.fetchone()[0]
            for first in range(0, last, FOLDED_AT_ONCE):
                cursor.execute(_POSTGRES_FOLD, [first, first + FOLDED_AT_ONCE])
        if texts_index(connection):
            _index_drop(connection, "run_texts_grams")

    return RunPython(fold, RunPython.noop, atomic=False)


def _pool_index(schema_editor: Any, name: str) -> None:
    first = "" if schema_editor.connection.vendor == "postgresql" else "experiment_id, machine_id, "
    what = f"model_runs ({first}{INDEXES[name]}) WHERE {POOL}"
    _index(schema_editor, f"model_runs_pool_{name}", what)


def _index_drop(connection: BaseDatabaseWrapper, name: str) -> None:
    beside = connection.vendor == "postgresql" and not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {'CONCURRENTLY' if beside else ''} IF EXISTS {name}")


def _index(schema_editor: Any, name: str, what: str) -> None:
    if schema_editor.connection.vendor == "postgresql":
        _postgres_index(schema_editor.connection, name, what)
    else:
        _run(schema_editor, f"CREATE INDEX IF NOT EXISTS {name} ON {what}")


def _run(schema_editor: Any, sql: str) -> None:
    schema_editor.execute(sql, params=None)


# --- SQLite ---------------------------------------------------------------------------------------

_SQLITE_ADD = """
INSERT INTO run_texts (rowid, version, body)
SELECT r.number, r.model_version, r.model_version || char(31) || r.dataset_path
       || char(31) || r.notes || char(31) || r.error_message
       || char(31) || COALESCE((SELECT username FROM users WHERE id = r.user_id), '')
FROM model_runs r WHERE"""
_SQLITE_DROP = "DELETE FROM run_texts WHERE rowid"
_SQLITE_TRIGGERS = {
    "run_texts_insert": ("AFTER INSERT ON model_runs", f"{_SQLITE_ADD} r.id = NEW.id"),
    "run_texts_update": (
        f"AFTER UPDATE OF {WATCHED} ON model_runs WHEN {CHANGED.format('IS NOT')}",
        f"{_SQLITE_DROP} = OLD.number; {_SQLITE_ADD} r.id = NEW.id",
    ),
    "run_texts_delete": ("AFTER DELETE ON model_runs", f"{_SQLITE_DROP} = OLD.number"),
    "run_texts_rename": (
        "AFTER UPDATE OF username ON users WHEN NEW.username IS NOT OLD.username",
        f"{_SQLITE_DROP} IN (SELECT number FROM model_runs WHERE user_id = NEW.id);"  # noqa: S608
        f" {_SQLITE_ADD} r.user_id = NEW.id",
    ),
}


def _sqlite_texts(schema_editor: Any) -> None:
    """Make the table, by FTS5 where this SQLite has it with groups of three letters."""
    with transaction.atomic(using=schema_editor.connection.alias):
        for name in _SQLITE_TRIGGERS:
            _run(schema_editor, f"DROP TRIGGER IF EXISTS {name}")
        _run(schema_editor, "DROP TABLE IF EXISTS run_texts")
        try:
            with transaction.atomic(using=schema_editor.connection.alias):
                _run(
                    schema_editor,
                    "CREATE VIRTUAL TABLE run_texts"
                    " USING fts5(version UNINDEXED, body, tokenize='trigram', detail='column')",
                )
        except DatabaseError:
            _run(
                schema_editor,
                "CREATE TABLE run_texts (rowid INTEGER PRIMARY KEY, version TEXT, body TEXT)",
            )
        _run(schema_editor, f"{_SQLITE_ADD} 1 ORDER BY r.number")
        for name, (when, what) in _SQLITE_TRIGGERS.items():
            _run(schema_editor, f"CREATE TRIGGER {name} {when} BEGIN {what}; END")


# --- PostgreSQL -----------------------------------------------------------------------------------

_POSTGRES_ADD = """
INSERT INTO run_texts (rowid, version, body)
SELECT r.number, UPPER(r.model_version),
       UPPER(concat_ws(E'\\x1f', r.model_version, r.dataset_path, r.notes, r.error_message,
       COALESCE((SELECT username FROM users WHERE id = r.user_id), '')))
FROM model_runs r {where} ON CONFLICT (rowid) DO {instead}"""
_POSTGRES_PUT = "UPDATE SET version = EXCLUDED.version, body = EXCLUDED.body"
_POSTGRES_TEXTS = f"""
CREATE TABLE IF NOT EXISTS run_texts (
    rowid bigint PRIMARY KEY, version text NOT NULL, body text NOT NULL
);
CREATE OR REPLACE FUNCTION run_texts_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE run_texts;
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM run_texts WHERE rowid = OLD.number;
    ELSE
        {_POSTGRES_ADD.format(where="WHERE r.id = NEW.id", instead=_POSTGRES_PUT)};
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION run_texts_rename() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_POSTGRES_ADD.format(where="WHERE r.user_id = NEW.id", instead=_POSTGRES_PUT)};
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER run_texts_insert AFTER INSERT OR DELETE ON model_runs
FOR EACH ROW EXECUTE FUNCTION run_texts_keep();
CREATE OR REPLACE TRIGGER run_texts_update AFTER UPDATE OF {WATCHED} ON model_runs
FOR EACH ROW WHEN ({CHANGED.format("IS DISTINCT FROM")}) EXECUTE FUNCTION run_texts_keep();
CREATE OR REPLACE TRIGGER run_texts_truncate AFTER TRUNCATE ON model_runs
FOR EACH STATEMENT EXECUTE FUNCTION run_texts_keep();
CREATE OR REPLACE TRIGGER run_texts_rename AFTER UPDATE OF username ON users
FOR EACH ROW WHEN (NEW.username IS DISTINCT FROM OLD.username)
EXECUTE FUNCTION run_texts_rename();
"""  # noqa: S608
_POSTGRES_FOLD = """
UPDATE run_texts SET version = UPPER(version), body = UPPER(body)
WHERE rowid > %s AND rowid <= %s AND (version <> UPPER(version) OR body <> UPPER(body))
"""
_POSTGRES_GRAMS = "run_texts USING gin (version gin_trgm_ops, body gin_trgm_ops)"


def _postgres_texts(schema_editor: Any) -> None:
    """Make the table, have it kept, then fill it: what is written meanwhile is not lost."""
    _run(schema_editor, _POSTGRES_TEXTS)
    _run(schema_editor, _POSTGRES_ADD.format(where="", instead="NOTHING"))
    texts_index(schema_editor.connection)


def texts_index(connection: BaseDatabaseWrapper) -> bool:
    """Return whether texts are found by an index; make it where it is missing and may be."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'run_texts'")
            return "VIRTUAL" in str(cursor.fetchone())
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return False  # the role may not: texts are read through, and `modelwright doctor` says so
    _postgres_index(connection, GRAMS, _POSTGRES_GRAMS)
    return True


def _postgres_index(connection: BaseDatabaseWrapper, name: str, what: str) -> None:
    """Build an index while others write, but in a transaction, where that can't be."""
    at_once = "" if connection.in_atomic_block else "CONCURRENTLY"
    if not index_is_there(connection, name):
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE INDEX {at_once} {name} ON {what}")
