"""PostgreSQL, Redis and RabbitMQ at their usual ports: used where they answer.

Where one doesn't, the test is skipped and says so; with MODELWRIGHT_REQUIRE_SERVICES=1 it fails.
"""

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
import requests
from psycopg import sql

POSTGRES_USERS = (
    os.environ.get("MODELWRIGHT_TEST_DATABASE_URL", "").rpartition("/")[0],
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


def postgres_url() -> str:
    """Return the address of a PostgreSQL server for tests, without a database."""
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
    url = postgres_url()
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


# --- a store of its own ------------------------------------------------------------------------
S3_KEYS = {
    "AWS_ACCESS_KEY_ID": "of-a-test",
    "AWS_SECRET_ACCESS_KEY": "of-a-test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@functools.cache
def _s3_server() -> str:
    """Start an S3-compatible server with the bucket `tests`; it ends with this process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(process.kill)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            requests.put(f"{address}/tests", timeout=10).raise_for_status()
            return address
        time.sleep(0.05)
    pytest.fail("the S3-compatible server does not start")


def own_store() -> dict[str, str]:
    """Return the settings of a store that no other server uses."""
    place = f"s3://tests/{secrets.token_hex(4)}?endpoint={_s3_server()}"
    return {**S3_KEYS, "MODELWRIGHT_STORAGE_URL": place}


# --- a part of a broker that no other server uses ------------------------------------------------
_TAKEN_SECONDS = 2 * 3600
_REDIS_NUMBERS = range(8)  # those above are named by tests


@contextlib.contextmanager
def own_broker(url: str) -> Iterator[str]:
    """Yield the address of a Redis database, or of a virtual host of RabbitMQ, for one server.

    Parameters
    ----------
    url : str
        As `MODELWRIGHT_BROKER_URL`; one of files, which has a folder of its own, is given back.
    """
    server, _, _ = url.rpartition("/")
    if url.startswith("redis"):
        with _redis_database(server) as found:
            yield found
    elif url.startswith("amqp"):
        yield f"{server.rstrip('/')}/{_virtual_host(urlsplit(url).username or 'guest')}"
    else:
        yield url


@contextlib.contextmanager
def _redis_database(server: str) -> Iterator[str]:
    for number in _REDIS_NUMBERS:
        with redis.Redis.from_url(f"{server}/{number}") as database:
            if database.set("taken-by-a-test", os.getpid(), nx=True, ex=_TAKEN_SECONDS):
                try:
                    yield f"{server}/{number}"
                finally:
                    database.flushdb()
                return
    pytest.fail(f"no database of {server} is free")


def _virtual_host(user: str) -> str:
    """Make a virtual host; it is deleted at the end."""
    if shutil.which("rabbitmqctl") is None:
        missing("rabbitmqctl")
    name = f"modelwright_test_{secrets.token_hex(4)}"
    _rabbitmqctl("add_vhost", name)
    atexit.register(_rabbitmqctl, "delete_vhost", name)
    _rabbitmqctl("set_permissions", "-p", name, user, ".*", ".*", ".*")
    return name


def _rabbitmqctl(*arguments: str) -> None:
    subprocess.run(["rabbitmqctl", "--quiet", *arguments], check=True, timeout=60)
