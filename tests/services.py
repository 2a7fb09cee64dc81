"""PostgreSQL, Redis and RabbitMQ at their usual ports: used where they answer.

Where one doesn't, the test is skipped and says so; with MODELWRIGHT_REQUIRE_SERVICES=1 it fails.
"""

import atexit
import contextlib
import functools
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.stack import clean_environment, prepare

POSTGRES_USERS = (
    os.environ.get("MODELWRIGHT_TEST_POSTGRES_URL", ""),
    "postgres://postgres:postgres@127.0.0.1:5432",
    "postgres://postgres@127.0.0.1:5432",
)
REDIS_URL = os.environ.get("MODELWRIGHT_TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
RABBITMQ_URL = os.environ.get(
    "MODELWRIGHT_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"
)


def missing(service: str) -> None:
    """Skip the present test, or fail it where services are required."""
    text = f"{service} does not answer at its usual port"
    if os.environ.get("MODELWRIGHT_REQUIRE_SERVICES") == "1":
        pytest.fail(text)
    pytest.skip(text)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def redis_url() -> str:
    """Return the address of a Redis database for tests."""
    if not _answers(6379):
        missing("Redis")
    return REDIS_URL


def rabbitmq_url() -> str:
    """Return the address of a RabbitMQ for tests."""
    if not _answers(5672):
        missing("RabbitMQ")
    return RABBITMQ_URL


def _postgres() -> str:
    if _answers(5432):
        for url in filter(None, POSTGRES_USERS):
            with (
                contextlib.suppress(psycopg.OperationalError),
                psycopg.connect(f"{url}/postgres", connect_timeout=2),
            ):
                return url
    missing("PostgreSQL")
    raise AssertionError


@contextlib.contextmanager
def postgres_database(template: str = "template1") -> Iterator[str]:
    """Make a PostgreSQL database, yield its address, and drop it."""
    url = _postgres()
    name = f"modelwright_test_{secrets.token_hex(4)}"
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        try:
            yield f"{url}/{name}"
        finally:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


@functools.cache
def _template() -> str:
    """Make a database with all tables, and return its name; it is dropped at the end."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    address = stack.enter_context(postgres_database())
    with tempfile.TemporaryDirectory(prefix="modelwright-test-") as folder:
        prepare(clean_environment(Path(folder, "home"), {"MODELWRIGHT_DATABASE_URL": address}))
    return address.rpartition("/")[2]


def prepared_database() -> contextlib.AbstractContextManager[str]:
    """Make a PostgreSQL database as `modelwright prepare --no-samples` leaves it."""
    _postgres()
    return postgres_database(_template())
