"""What all tests share: a whole server on demand, and a log that tests may clear."""

import inspect
import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

import hypothesis
import pytest
from django.db import connection
from django.test import TransactionTestCase

from modelwright.accounts.guards import ADD, REMOVE
from modelwright.core.limits import limits_forget
from modelwright.serving.hosting import host

pytest_plugins = ["tests.stack"]
UNTIL = float(os.environ.get("MODELWRIGHT_TESTS_UNTIL", "inf"))
"""Seconds since 1970 from which on CI has no time left for what it could do without."""
SERVER_MODULES = ("tests.stack", "tests.faults.jobs", "tests.tuning.analyst")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts whole servers (one after another); the rest runs at once, file by file."""
    for item in items:
        names = vars(getattr(item, "module", None) or object).values()
        starts = any(inspect.isclass(one) and one.__module__ in SERVER_MODULES for one in names)
        if starts or "stack" in getattr(item, "fixturenames", ()):
            item.add_marker("server")
        item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out slow tests, and those that are run once more on other databases, if time is over.

    A machine that is three times slower than others would else reach the end of CI's time, and
    nothing would have been tested.
    """
    is_once_more = "MODELWRIGHT_TEST_DATABASE_URL" in os.environ
    if time.time() > UNTIL and (is_once_more or item.get_closest_marker("slow")):
        pytest.skip("CI has no time left for it")


# A busy machine is slow, and that is no fault of what is tested.
hypothesis.settings.register_profile(
    "here", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("here")


@pytest.fixture(autouse=True, scope="session")
def _clear_the_log_between_tests() -> Any:
    """Lift the rule that the audit log is only added to while a test's tables are emptied."""
    if connection.vendor == "postgresql":
        yield  # `_empty_tables_quickly` is above all rules there
        return
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


@pytest.fixture(autouse=True, scope="session")
def _empty_tables_quickly() -> Iterator[None]:
    """Delete the few rows of a test on PostgreSQL: to truncate all tables takes seconds."""

    def deletions(_style: object, tables: Iterable[str], **_: object) -> list[str]:
        delete = [f"DELETE FROM {connection.ops.quote_name(table)}" for table in tables]
        return ["SET LOCAL session_replication_role = replica", *delete]

    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "postgresql":
            patch.setattr(connection.ops, "sql_flush", deletions)
        yield


@pytest.fixture(autouse=True, scope="module")
def _no_host_outlives_its_tests() -> Iterator[None]:
    """End the process that holds models: the next file would find a child that it did not start."""
    yield
    host.stop()


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    """No test is throttled for what another one did."""
    limits_forget()
