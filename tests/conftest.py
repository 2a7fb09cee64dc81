"""What all tests share: a whole server on demand, and a log that tests may clear."""

from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase

from modelwright.accounts.guards import ADD, REMOVE

pytest_plugins = ["tests.stack"]


@pytest.fixture(autouse=True, scope="session")
def _clear_the_log_between_tests() -> Any:
    """Lift the rule that the audit log is only added to while a test's tables are emptied."""
    patch = pytest.MonkeyPatch()
    empty_tables = TransactionTestCase._fixture_teardown

    def execute(sql: dict[str, list[str]]) -> None:
        with connection.cursor() as cursor:
            for statement in sql[connection.vendor]:
                cursor.execute(statement)

    def teardown(case: TransactionTestCase) -> None:
        execute(REMOVE)
        try:
            empty_tables(case)
        finally:
            execute(ADD)

    patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
    yield
    patch.undo()
