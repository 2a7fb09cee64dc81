"""The rule "the audit log is only added to", kept by the database itself (by migration)."""

from typing import Any

from django.db.migrations import RunPython
from django.db.migrations.operations.base import Operation

TABLE = "audit_entries"

ADD = {
    "sqlite": [
        f"""
        CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE}
        BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END
        """
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        f"""
        CREATE FUNCTION {TABLE}_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit log is only added to' USING ERRCODE = 'check_violation';
        END $$
        """,
        f"""
        CREATE TRIGGER {TABLE}_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_only_added_to()
        """,
    ],
}
REMOVE = {
    "sqlite": [f"DROP TRIGGER {TABLE}_no_{verb}" for verb in ("update", "delete")],
    "postgresql": [f"DROP FUNCTION {TABLE}_only_added_to CASCADE"],
}


def audit_is_append_only() -> Operation:
    """Return the migration operation that adds the rule."""

    def run(sql: dict[str, list[str]]) -> Any:
        def change(_apps: Any, schema_editor: Any) -> None:
            for statement in sql[schema_editor.connection.vendor]:
                schema_editor.execute(statement, params=None)

        return change

    return RunPython(run(ADD), run(REMOVE))
