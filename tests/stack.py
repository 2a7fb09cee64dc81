"""A whole server in a folder of its own, started the way a user starts it.

`stack` (one for the session) is what most tests want; a test that breaks or restarts things makes
its own: `with Stack(env={"MODELWRIGHT_SLOTS": "1"}) as stack: ...`.
"""

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import psutil
import psycopg
import pytest
import requests

from tests.services import own_broker, own_store, postgres_database, postgres_url

READY = "Modelwright is ready at "
SERVICES = {"MODELWRIGHT_DATABASE_URL", "MODELWRIGHT_BROKER_URL", "MODELWRIGHT_STORAGE_URL"}
PARTS = ("web", "worker", "scheduler")
READY_SECONDS = 60.0
REQUEST_SECONDS = 60.0
PASSWORD = "correct horse battery"
CLI = (sys.executable, "-m", "modelwright.cli")
Value = TypeVar("Value")
about_the_embedded = pytest.mark.skipif(
    bool(os.environ.get("MODELWRIGHT_TEST_DATABASE_URL")),
    reason="is about the embedded database; these run on PostgreSQL",
)


def eventually(
    condition: Callable[[], Value | None], *, seconds: float = 20.0, what: str = ""
) -> Value:
    """Return the first true value of `condition`, asked again and again; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {seconds:g} s: {what or condition}")
        time.sleep(0.02)
    return value


def clean_environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without any setting of its own, and `home` as the home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MODELWRIGHT_", "DJANGO_"))}
    return {**kept, "MODELWRIGHT_HOME": str(home), **(extra or {})}


@functools.cache
def _template() -> Path:
    """Prepare one home: making all tables takes longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="modelwright-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = folder / "home"
    prepare(clean_environment(home))
    return home


def prepare(env: Mapping[str, str]) -> None:
    """Make the tables and the first user of an installation without sample data."""
    subprocess.run(
        [*CLI, "prepare", "--no-samples"],
        env={**env, "MODELWRIGHT_ADMIN_PASSWORD": PASSWORD},
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=3 * READY_SECONDS,
    )


@functools.cache
def _database_template() -> str:
    """Make a PostgreSQL database with all tables, and return its name; it is dropped at the end."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    address = stack.enter_context(postgres_database())
    with tempfile.TemporaryDirectory(prefix="modelwright-test-") as folder:
        prepare(clean_environment(Path(folder, "home"), {"MODELWRIGHT_DATABASE_URL": address}))
    return address.rpartition("/")[2]


def prepared_database() -> contextlib.AbstractContextManager[str]:
    """Make a PostgreSQL database as `modelwright prepare --no-samples` leaves it."""
    postgres_url()
    return postgres_database(_database_template())


def prepared_home(home: Path) -> Path:
    """Make `home` one that `modelwright prepare --no-samples` has been through."""
    shutil.copytree(_template(), home)
    return home


class Stack:
    """A running `modelwright up`.

    With MODELWRIGHT_TEST_DATABASE_URL, MODELWRIGHT_TEST_BROKER_URL or MODELWRIGHT_TEST_S3=1 it has
    a database, a part of that broker and a store for itself, unless `home` or `env` says where
    they are.

    Parameters
    ----------
    env : mapping, optional
        Settings beside MODELWRIGHT_HOME, e.g. MODELWRIGHT_DATABASE_URL.
    home : Path, optional
        A folder with all that is kept. Default: a temporary one, removed at the end.
    samples : bool
        Whether to load the sample data and train the first version.
    """

    def __init__(
        self,
        *,
        env: Mapping[str, str] | None = None,
        home: Path | None = None,
        samples: bool = False,
    ) -> None:
        self._temporary = home is None
        self.home = home or Path(tempfile.mkdtemp(prefix="modelwright-test-")) / "home"
        self.env = clean_environment(
            self.home, {"MODELWRIGHT_ADMIN_PASSWORD": PASSWORD, **(env or {})}
        )
        self.samples = samples
        self.url = ""
        self._services = contextlib.ExitStack()
        self.lines: list[str] = []
        self.log = self.home.parent / f"{self.home.name}.log"
        self._tokens: dict[tuple[str, str], str] = {}
        self._process: subprocess.Popen[str] | None = None
        self._answers = threading.Event()

    def __enter__(self) -> Self:
        try:
            self._take_services()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self._services:
            self.stop()
        if self._temporary:
            shutil.rmtree(self.home.parent, ignore_errors=True)

    def _take_services(self) -> None:
        if not self._temporary or not SERVICES.isdisjoint(self.env):
            return
        if os.environ.get("MODELWRIGHT_TEST_DATABASE_URL"):
            database = postgres_database() if self.samples else prepared_database()
            self.env["MODELWRIGHT_DATABASE_URL"] = self._services.enter_context(database)
        if url := os.environ.get("MODELWRIGHT_TEST_BROKER_URL"):
            self.env["MODELWRIGHT_BROKER_URL"] = self._services.enter_context(own_broker(url))
        if os.environ.get("MODELWRIGHT_TEST_S3") == "1":
            self.env.update(own_store())

    # --- life ----------------------------------------------------------------------------------

    def start(self) -> float:
        """Start it, wait for the ready line, and return the seconds that took."""
        self.lines.clear()
        self._answers.clear()
        embedded = "MODELWRIGHT_DATABASE_URL" not in self.env
        if self._temporary and embedded and not self.samples and not self.home.exists():
            prepared_home(self.home)
        begun = time.monotonic()
        self.home.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [*CLI, "up", "--port", "0", *([] if self.samples else ["--no-samples"])],
                env=self.env,
                cwd=self.home.parent,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        if not self._answers.wait(READY_SECONDS) or not self.url:
            raise AssertionError(f"The server did not become ready:\n{self.logged()[-8000:]}")
        return time.monotonic() - begun

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith(READY):
                self.url = line.removeprefix(READY).strip()
                self._answers.set()
        self._answers.set()

    def logged(self) -> str:
        """Return everything that was printed so far, on stdout and stderr."""
        errors = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        return "\n".join(self.lines) + "\n" + errors

    def stop(self, number: int = signal.SIGINT, *, seconds: float = 12.0) -> float:
        """Stop it as Ctrl-C does and return the seconds until nothing of it was left."""
        process = self._process
        if process is None:
            return 0.0
        begun = time.monotonic()
        family = self._family()
        if process.poll() is None:
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        _, left = psutil.wait_procs(family, timeout=max(0.0, seconds + begun - time.monotonic()))
        for survivor in left:
            with contextlib.suppress(psutil.Error):
                survivor.kill()
        if process.poll() is None:
            process.kill()
        process.wait()
        self._process = None
        self.url = ""
        if left:
            raise AssertionError(f"Left after {seconds:g} s: {left}\n{self.logged()[-4000:]}")
        return time.monotonic() - begun

    # --- processes -----------------------------------------------------------------------------

    def _family(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        try:
            supervisor = psutil.Process(self._process.pid)
            return [supervisor, *supervisor.children(recursive=True)]
        except psutil.Error:
            return []

    def pids(self) -> dict[str, list[int]]:
        """Return the process ids by part.

        Keys: `supervisor`, `web`, `worker`, `scheduler`, `pool` (the worker's processes that hear
        the bell) and `children` (those that do the work of a job).
        """
        found: dict[str, list[int]] = {
            name: [] for name in ("supervisor", *PARTS, "pool", "children")
        }
        if self._process is None or self._process.poll() is not None:
            return found
        with contextlib.suppress(psutil.Error):
            supervisor = psutil.Process(self._process.pid)
            found["supervisor"].append(supervisor.pid)
            for child in supervisor.children():
                with contextlib.suppress(psutil.Error):
                    words = child.cmdline()
                    part = words[3] if len(words) > 3 else ""
                    if part not in PARTS or child.status() == psutil.STATUS_ZOMBIE:
                        continue
                    found[part].append(child.pid)
                    if part == "worker":
                        self._add_below(child, found)
        return found

    @staticmethod
    def _add_below(worker: psutil.Process, found: dict[str, list[int]]) -> None:
        for process in worker.children():
            found["pool"].append(process.pid)
            with contextlib.suppress(psutil.Error):
                found["children"] += [p.pid for p in process.children(recursive=True)]

    def kill(self, part: str, number: int = signal.SIGKILL) -> list[int]:
        """Send a signal to every process of a part (`everything`: to all); return their ids."""
        pids = self.pids()
        chosen = [p for ids in pids.values() for p in ids] if part == "everything" else pids[part]
        for pid in chosen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return chosen

    # --- use -----------------------------------------------------------------------------------

    def cli(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run `modelwright ARGUMENTS` on this home."""
        done = subprocess.run(
            [*CLI, *arguments],
            env=self.env,
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def user(self, username: str, group: str = "", *, superuser: bool = False) -> str:
        """Make a user and return the password."""
        flags = [*(["--group", group] if group else []), *(["--superuser"] if superuser else [])]
        self.cli("user", "add", username, "--password", PASSWORD, *flags)
        return PASSWORD

    def token(self, username: str = "trainer", group: str = "trainer") -> str:
        """Return an API token of `username`, made with `group` where there is no such user yet."""
        key = (username, group)
        if key not in self._tokens:
            if username != "admin":
                self.user(username, group)
            self._tokens[key] = self.cli("token", username).stdout.strip()
        return self._tokens[key]

    def request(
        self, method: str, path: str, token: str | None = None, **kw: Any
    ) -> requests.Response:
        """Send a request; `token` becomes the Authorization header."""
        headers = dict(kw.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Token {token}"
        kw.setdefault("allow_redirects", False)
        timeout = kw.pop("timeout", REQUEST_SECONDS)
        return requests.request(method, self.url + path, headers=headers, timeout=timeout, **kw)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask its database itself, PostgreSQL or the embedded one."""
        if address := self.env.get("MODELWRIGHT_DATABASE_URL"):
            with psycopg.connect(address, autocommit=True) as connection:
                return connection.execute(sql).fetchall()
        path = self.home / "system" / "modelwright.sqlite3"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20) as embedded:
            return embedded.execute(sql).fetchall()

    def put_dataset(self, name: str, content: bytes) -> str:
        """Write a data set below the data root and return its relative path."""
        relative = f"artifacts/datasets/{name}"
        path = self.home / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{name}.{secrets.token_hex(4)}")
        draft.write_bytes(content)
        draft.replace(path)
        return relative


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One server for the session, without sample data."""
    with Stack() as running:
        yield running
