"""What the database itself knows of a column, beyond what Django tells it."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now

CASCADE = "CASCADE"
SET_NULL = "SET NULL"


class DatabaseForeignKey(models.ForeignKey[Any, Any]):
    """A foreign key whose rows the database itself deletes or empties, whoever deletes the target.

    The rule is part of the column's definition, so it also outlives SQLite's way of changing a
    table, which is to make it anew. (Django 5.2 has no `db_on_delete`.)

    Parameters
    ----------
    to : type of Model
        The class pointed at.
    on_database_delete : str
        `CASCADE` or `SET_NULL` of this module.
    """

    def __init__(self, to: Any, *, on_database_delete: str = CASCADE, **options: Any) -> None:
        self.on_database_delete = on_database_delete
        options.pop("on_delete", None)
        options.pop("db_constraint", None)
        super().__init__(to, on_delete=models.DO_NOTHING, db_constraint=False, **options)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """Return what a migration writes."""
        name, path, args, options = super().deconstruct()
        del options["on_delete"]
        del options["db_constraint"]
        options["on_database_delete"] = self.on_database_delete
        return name, path, args, options

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str:
        """Return the end of the column's definition."""
        quote = connection.ops.quote_name
        target = self.target_field
        return (
            f"REFERENCES {quote(target.model._meta.db_table)} ({quote(str(target.column))})"
            f" ON DELETE {self.on_database_delete} DEFERRABLE INITIALLY DEFERRED"
        )


class DatabaseNow(Now):
    """The time of the transaction, as a column's default."""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return `now()`."""
        return self.as_sql(compiler, connection, template="now()", **context)
