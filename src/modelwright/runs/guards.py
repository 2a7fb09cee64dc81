"""Rules about jobs that the database itself keeps, as migration operations."""

from typing import Any

from django.db.migrations import RunPython
from django.db.migrations.operations.base import Operation

_ENDED = "('completed', 'failed', 'cancelled')"

_SQLITE = """
CREATE TRIGGER {table}_end_states_are_final BEFORE UPDATE OF status ON {table}
WHEN OLD.status IN {ended} AND NEW.status IS NOT OLD.status
BEGIN SELECT RAISE(ABORT, 'a job never leaves an end state'); END
"""
_POSTGRESQL = """
CREATE FUNCTION {table}_end_states_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status IN {ended} AND NEW.status IS DISTINCT FROM OLD.status THEN
        RAISE EXCEPTION 'a job never leaves an end state' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {table}_end_states_are_final BEFORE UPDATE OF status ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_end_states_are_final();
"""
_UNDO = {
    "sqlite": "DROP TRIGGER {table}_end_states_are_final",
    "postgresql": "DROP FUNCTION {table}_end_states_are_final CASCADE",
}


def end_states_are_final(table: str, *, again: bool = False) -> Operation:
    """Return the migration operation that adds the rule to a table of jobs.

    Parameters
    ----------
    table : str
    again : bool
        The table was changed, and SQLite made it anew without the rule; elsewhere it stands.
    """

    def add(_apps: Any, schema_editor: Any) -> None:
        if again and schema_editor.connection.vendor != "sqlite":
            return
        sql = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[schema_editor.connection.vendor]
        schema_editor.execute(sql.format(table=table, ended=_ENDED), params=None)

    def remove(_apps: Any, schema_editor: Any) -> None:
        if again:
            return  # the table made anew on the way back has lost it; the first one adds it
        schema_editor.execute(
            _UNDO[schema_editor.connection.vendor].format(table=table), params=None
        )

    return RunPython(add, remove)


_EVENTS_SQLITE = """
CREATE TRIGGER {table}_events_go_too AFTER DELETE ON {table}
BEGIN DELETE FROM run_events WHERE job_id = OLD.id; END
"""
_EVENTS_POSTGRESQL = """
CREATE FUNCTION {table}_events_go_too() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM run_events WHERE job_id = OLD.id;
    RETURN OLD;
END $$;
CREATE TRIGGER {table}_events_go_too AFTER DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_events_go_too();
"""
_EVENTS_UNDO = {
    "sqlite": "DROP TRIGGER {table}_events_go_too",
    "postgresql": "DROP FUNCTION {table}_events_go_too CASCADE",
}


def events_go_too(table: str, *, again: bool = False) -> Operation:
    """Return the migration operation that has a row's events deleted with it, whoever deletes it.

    A foreign key can't do it: events are those of several tables.

    Parameters
    ----------
    table : str
    again : bool
        As in `end_states_are_final`.
    """

    def add(_apps: Any, schema_editor: Any) -> None:
        if again and schema_editor.connection.vendor != "sqlite":
            return
        sql = {"sqlite": _EVENTS_SQLITE, "postgresql": _EVENTS_POSTGRESQL}
        text = sql[schema_editor.connection.vendor].format(table=table)
        schema_editor.execute(text, params=None)

    def remove(_apps: Any, schema_editor: Any) -> None:
        if again:
            return
        text = _EVENTS_UNDO[schema_editor.connection.vendor].format(table=table)
        schema_editor.execute(text, params=None)

    return RunPython(add, remove)
