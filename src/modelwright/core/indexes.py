"""Indexes of large tables, which PostgreSQL builds while others write."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AddIndex


def index_is_there(connection: BaseDatabaseWrapper, name: str) -> bool:
    """Return whether PostgreSQL has an index; one that was broken off while it was built goes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
        found = cursor.fetchone()
        if found == (False,):
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
    return bool(found == (True,))


class AddIndexBeside(AddIndex):
    """Add an index beside those who write; for migrations that say ``atomic = False``.

    It may be done again from where it was broken off. SQLite has one writer anyhow, and in a
    transaction (that of a test, say) PostgreSQL builds an index as usual.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Build the index."""
        connection = schema_editor.connection
        if connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        elif not index_is_there(connection, self.index.name):
            model = to_state.apps.get_model(app_label, self.model_name)
            beside = not connection.in_atomic_block
            schema_editor.add_index(model, self.index, concurrently=beside)
