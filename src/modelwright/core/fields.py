"""Columns that people write SQL against."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class TextUUIDField(models.UUIDField[Any, Any]):
    """A UUID that every database shows the way REST does: with dashes.

    PostgreSQL has a type for it. Elsewhere Django would store 32 digits without dashes, and
    `WHERE model_id = '…'` with an id from an answer of ours would find nothing.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return the column's type."""
        if connection.features.has_native_uuid_field:
            return super().db_type(connection)
        return "char(36)"

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        """Return what is stored and compared with."""
        found = super().get_db_prep_value(self.to_python(value), connection, prepared)
        if found is None or connection.features.has_native_uuid_field:
            return found
        return str(self.to_python(value))
