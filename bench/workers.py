"""One worker of one core against two, on PostgreSQL and Redis: the same grid, the same result.

The search takes half a minute on one worker: what no second one shares, a second in all (the plan,
each piece's reading of the data, the end), counts little. ``python -m bench.workers`` prints the
results as JSON; both services must answer at their ports.
"""

import contextlib
import json
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import psycopg
import pytest
from tests.services import postgres_database, redis_url
from tests.stack import CLI, Stack, eventually
from tests.tuning.analyst import ENDED, TUNE, Analyst

GOAL = 1.8
PAIRS = 3
LOOK_SECONDS = 1.0
GRID = {
    "n_estimators": [500, 1000],
    "min_samples_leaf": list(range(1, 73)),
    "max_features": ["sqrt", "log2"],
}
WARM_UP = {"n_estimators": [5], "min_samples_leaf": list(range(1, 9))}


@contextlib.contextmanager
def second_worker(stack: Stack) -> Iterator[None]:
    """Run another worker beside the first, and wait until it is there."""
    process = subprocess.Popen(
        [*CLI, "worker"], env=stack.env, cwd=stack.home.parent, stdin=subprocess.DEVNULL
    )
    try:
        eventually(lambda: _workers(stack) == 2, seconds=60, what="the second worker is there")
        yield
    finally:
        process.terminate()
        process.wait(30)
        eventually(lambda: _workers(stack) == 1, seconds=60, what="the second worker is gone")


def _workers(stack: Stack) -> int:
    """Return how many workers gave a sign of life just now."""
    with psycopg.connect(stack.env["MODELWRIGHT_DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM workers WHERE seen_at > now() - interval '10 seconds'"
        ).fetchone()
    return int(row[0]) if row else 0


def search_once(
    analyst: Analyst, grid: Mapping[str, Any] = MappingProxyType(GRID)
) -> tuple[float, dict[int, list[float]]]:
    """Return the seconds of a search, and its scores."""
    key = analyst.tune(dict(grid))
    # The server keeps the time; whoever asks it fifty times a second takes a core from the workers.
    while (state := analyst.status(key))["status"] not in ENDED:
        time.sleep(LOOK_SECONDS)
    if state["status"] != "SUCCESS":
        raise SystemExit(f"The search did not complete: {state}")
    seconds = analyst.call("GET", f"{TUNE}/{key}/results")["tuning_time"]
    scores: dict[int, list[float]] = {}
    while rows := analyst.call(
        "GET", f"{TUNE}/{key}/trials?after={max(scores, default=-1)}&limit=100"
    )["trials"]:
        scores |= {row["number"]: row["fold_scores"] for row in rows}
    return float(seconds), scores


def run() -> dict[str, Any] | None:
    """Measure alternating pairs; None where PostgreSQL or Redis does not answer."""
    try:
        return _measured()
    except pytest.skip.Exception:
        return None


def _measured() -> dict[str, Any]:
    with postgres_database() as database:
        env = {
            "MODELWRIGHT_DATABASE_URL": database,
            "MODELWRIGHT_BROKER_URL": redis_url().rpartition("/")[0] + "/12",
            "MODELWRIGHT_SLOTS": "1",
            "MODELWRIGHT_JOB_THREADS": "1",
        }
        with Stack(env=env) as stack:
            analyst = Analyst(stack)
            search_once(analyst)  # warm
            ones, twos, same = [], [], True
            for _ in range(PAIRS):
                one, wanted = search_once(analyst)
                with second_worker(stack):
                    search_once(analyst, WARM_UP)  # it has its libraries to load
                    two, found = search_once(analyst)
                ones.append(one)
                twos.append(two)
                same = same and found == wanted
    ratio = statistics.median(a / b for a, b in zip(ones, twos, strict=True))
    return {
        "combinations": len(wanted),
        "one_worker_seconds": [round(s, 3) for s in ones],
        "two_workers_seconds": [round(s, 3) for s in twos],
        "speed_up": round(ratio, 2),
        "goal": GOAL,
        "same_scores": same,
        "met": same and ratio >= GOAL,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
