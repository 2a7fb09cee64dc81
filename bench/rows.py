"""Lists with a million runs and ten million metric points, over HTTP, on SQLite and PostgreSQL.

`MODELWRIGHT_BENCH_RUNS` says how many runs (default 1,000,000); there are ten points for each.
"""

import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests
from tests.stack import CLI, PASSWORD, Stack, prepare, prepared_database

from bench.rows_seed import MACHINE, postgres_seed, sqlite_seed

RUNS = int(os.environ.get("MODELWRIGHT_BENCH_RUNS", "1000000"))
POINTS_PER_RUN = 10
GOAL_MS = 300.0
TIMES = 7
COMPARED = 200
LIST = "/api/training/runs/"
METRICS = ("accuracy", "precision", "recall", "f1_score", "training_duration_seconds")
BEFORE = ("runs", "0007")
"""Runs are put in under the tables of before, so that a migration fills the new ones."""
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def run() -> list[dict[str, Any]]:
    """Return the figures as rows."""
    found = []
    for name, stacks in (("SQLite", _sqlite), ("PostgreSQL", _postgres)):
        with stacks() as (stack, seconds):
            found += [_row(name, "migrate", 1000 * seconds, goal=None)]
            found += _measure(name, stack)
    return found


def _row(database: str, what: str, ms: float, goal: float | None = GOAL_MS) -> dict[str, Any]:
    row: dict[str, Any] = {"what": f"{database}: {what}", "milliseconds": round(ms, 1)}
    return row if goal is None else {**row, "goal": goal, "met": ms < goal}


# --- servers -----------------------------------------------------------------------------------


@contextmanager
def _sqlite() -> Iterator[tuple[Stack, float]]:
    stack = Stack()
    prepare(stack.env)
    database = stack.home / "system/modelwright.sqlite3"
    _triggers_drop(database)
    _manage(stack, "migrate", *BEFORE)
    sqlite_seed(database, RUNS, RUNS * POINTS_PER_RUN)
    seconds = _manage(stack, "migrate")
    with stack:
        yield stack, seconds


def _triggers_drop(database: Path) -> None:
    """Take away what names the table of runs: SQLite makes it anew where a column goes."""
    with closing(sqlite3.connect(database)) as connection:
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%model_runs%'"
        for (name,) in connection.execute(named).fetchall():
            connection.execute(f"DROP TRIGGER {name}")


@contextmanager
def _postgres() -> Iterator[tuple[Stack, float]]:
    with prepared_database() as url:
        stack = Stack(env={"MODELWRIGHT_DATABASE_URL": url})
        _manage(stack, "migrate", *BEFORE)
        postgres_seed(url, RUNS, RUNS * POINTS_PER_RUN)
        seconds = _manage(stack, "migrate")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")  # as it does by itself after a while
        with stack:
            yield stack, seconds


def _manage(stack: Stack, *words: str) -> float:
    begun = time.monotonic()
    command = [sys.executable, "-m", "django", *words, "--verbosity", "0"]
    settings = {"DJANGO_SETTINGS_MODULE": "modelwright.config.settings"}
    subprocess.run(command, env={**stack.env, **settings}, check=True)
    return time.monotonic() - begun


# --- what is asked -----------------------------------------------------------------------------


def _measure(database: str, stack: Stack) -> list[dict[str, Any]]:
    rest = requests.Session()
    rest.headers["Authorization"] = f"Token {stack.token('admin')}"
    pages = requests.Session()
    token = CSRF.search(pages.get(f"{stack.url}/login").text)
    fields = {"username": "admin", "password": PASSWORD}
    fields["csrfmiddlewaretoken"] = token[1] if token else ""
    pages.post(f"{stack.url}/login", data=fields).raise_for_status()

    def asked(what: str, session: requests.Session, *paths: str) -> dict[str, Any]:
        """Return the median of the slowest of some addresses."""
        slowest = max(_median(lambda path=path: _get(session, stack.url + path)) for path in paths)
        return _row(database, what, slowest)

    deep = RUNS // 2 // 20
    beside = _get(rest, f"{stack.url}{LIST}?page={deep}").json()["next"].removeprefix(stack.url)
    ordered = _get(rest, f"{stack.url}{LIST}?page={deep}&ordering=accuracy").json()
    beside_ordered = ordered["next"].removeprefix(stack.url)
    chosen = ",".join(str(RUNS // 2 + 7 * n) for n in range(COMPARED))
    trend = "/api/v1/model-performance/metrics/trend"
    machine = f"machine_id={MACHINE}&model_type=baseline"
    both = [f"{sign}{name}" for name in METRICS for sign in ("", "-")]
    others = [f"{sign}{name}" for name in ("status", "trained_by_username", "run_date")
              for sign in ("", "-")]  # fmt: skip
    return [
        asked("list", rest, LIST),
        asked("list, page size 100", rest, f"{LIST}?page_size=100"),
        asked(f"page {deep:,} by link", rest, beside),
        asked(f"page {deep:,} by link, by accuracy", rest, beside_ordered),
        asked(f"page {deep:,} by number", rest, f"{LIST}?page={deep}"),
        asked("order by any metric, slowest", rest, *(f"{LIST}?ordering={o}" for o in both)),
        asked("order by status, user or date", rest, *(f"{LIST}?ordering={o}" for o in others)),
        asked("filter by status", rest, f"{LIST}?status=FAILED"),
        asked("rare status, by accuracy", rest, f"{LIST}?status=PENDING&ordering=accuracy"),
        asked("search: every run", rest, f"{LIST}?search=future_skills"),
        asked("search: every run, by metric", rest,
              f"{LIST}?search=future_skills&ordering=-f1_score",
              f"{LIST}?search=future_skills&ordering=f1_score"),
        asked("search: no run", rest, f"{LIST}?search=nothing-like-it"),
        asked("search: ten runs", rest, f"{LIST}?search=golden+needle"),
        asked("search: one in ten, by metric", rest,
              f"{LIST}?search=not+found&ordering=-accuracy",
              f"{LIST}?search=not+found&ordering=accuracy"),
        asked("search: two letters of every run", rest, f"{LIST}?search=fu"),
        asked("search: two letters of no run", rest, f"{LIST}?search=%25%25"),
        asked("one run", rest, f"{LIST}{RUNS // 2}/"),
        asked("page of the list", pages, "/ui/runs"),
        asked("page of the list, by accuracy", pages, "/ui/runs?sort=-accuracy"),
        asked("page of the list, searched", pages, "/ui/runs?search=future_skills",
              "/ui/runs?search=nothing-like-it", "/ui/runs?search=needle&sort=accuracy"),
        asked("page of one run", pages, f"/ui/runs/{RUNS // 2}"),
        asked(f"page that compares {COMPARED} runs", pages, f"/ui/compare?runs={chosen}"),
        asked("home page", pages, "/ui/home"),
        asked("admin's list", pages, "/admin/runs/trainingrun/"),
        asked("admin's list, searched", pages, "/admin/runs/trainingrun/?q=needle"),
        asked("trend of 30 days", rest, f"{trend}?{machine}&days=30"),
        asked("page of a machine's model", pages,
              f"/ui/model-performance?machine={MACHINE}&model_type=baseline"),
        _row(database, "`modelwright runs`, less its start", _command_ms(stack)),
    ]  # fmt: skip


def _get(session: requests.Session, url: str) -> requests.Response:
    answer = session.get(url, timeout=600)
    answer.raise_for_status()
    return answer


def _median(ask: Callable[[], Any]) -> float:
    """Return the median in milliseconds; a question that takes seconds is asked once."""
    taken: list[float] = []
    while len(taken) < TIMES:
        begun = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - begun))
        if taken[-1] > 20 * GOAL_MS:
            break
    return statistics.median(taken)


def _command_ms(stack: Stack) -> float:
    def call(*words: str) -> float:
        begun = time.perf_counter()
        subprocess.run([*CLI, *words], env=stack.env, check=True, capture_output=True)
        return 1000 * (time.perf_counter() - begun)

    return max(0.0, min(call("runs") for _ in range(3)) - min(call("run", "1") for _ in range(3)))


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
