"""An hour of an organisation, on SQLite and on PostgreSQL: all of it at once, on one machine.

``python -m bench.load [sqlite] [postgresql]``. A hundred people read, each a page or a list every
ten seconds, and what such a page asks for by itself; twenty submit a training every two minutes;
five hundred machines send a reading a minute, some late, some twice; fifty predictions a second;
two searches. What comes once an hour or a day (looking for anomalies in all machines, key figures,
clean-up) is begun within the time that is measured, `MODELWRIGHT_BENCH_LOAD_SECONDS` (180). The
clients are one process on the same machine; the server has two web servers (`--web-processes 2`).
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import pytest
from tests.load.hour import READS, Asked, Hour, Pace
from tests.load.organisation import ENV, organisation_found
from tests.services import redis_url
from tests.stack import Stack, prepared_database

SECONDS = float(os.environ.get("MODELWRIGHT_BENCH_LOAD_SECONDS", "180"))
READERS, SUBMITTERS, MACHINES, DAYS = 100, 20, 500, 60
READS_GOAL_SECONDS = 0.5
GROWTH_SHARE, GROWTH_MB = 0.1, 20.0
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL and Redis"}


@contextmanager
def server(kind: str) -> Iterator[Stack]:
    """Run a server on a kind of database."""
    with ExitStack() as held:
        env = dict(ENV)
        if kind == "postgresql":
            env["MODELWRIGHT_DATABASE_URL"] = held.enter_context(prepared_database())
            env["MODELWRIGHT_BROKER_URL"] = redis_url().rpartition("/")[0] + "/13"
        yield held.enter_context(Stack(env=env))


def measured(kind: str) -> list[dict[str, Any]]:
    """Return the figures on one kind of database."""
    with server(kind) as stack:
        organisation = organisation_found(
            stack,
            readers=READERS,
            submitters=SUBMITTERS,
            machines=MACHINES,
            modelled=MACHINES,
            days=DAYS,
            minutes=int(SECONDS // 60) + 2,
        )
        hour = Hour(organisation, Pace(SECONDS))
        hour.run()
        wrong = hour.ledger.differences(stack, organisation.before)
    return [*_answers(hour, TITLES[kind]), _kept(hour, wrong, TITLES[kind]), _memory(hour, kind)]


def _answers(hour: Hour, title: str) -> list[dict[str, Any]]:
    kinds = sorted({one.kind for one in hour.asked})
    broken = hour.broken()
    reads, predictions = hour.seconds_of(*READS), hour.seconds_of("prediction")
    late = float(np.quantile(reads, 0.99))
    return [
        {
            "what": f"Load on {title}: answers",
            "requests": len(hour.asked),
            "server_errors": sum(one.status >= 500 or not one.status for one in broken),
            "other_refusals": sum(400 <= one.status < 500 for one in broken),
            "each": {kind: _times([a for a in hour.asked if a.kind == kind]) for kind in kinds},
            "addresses": _by_address(hour.asked),
            "broken": sorted({(one.status, one.kind, one.what) for one in broken})[:50],
            "goal": "no 5xx",
            "met": not any(one.status >= 500 or not one.status for one in broken),
        },
        {
            "what": f"Load on {title}: reads",
            "reads": len(reads),
            "p50_seconds": float(np.median(reads)),
            "p99_seconds": late,
            "p50_of_predictions": float(np.median(predictions)),
            "p99_of_predictions": float(np.quantile(predictions, 0.99)),
            "p99_of_readings": float(np.quantile(hour.seconds_of("reading"), 0.99)),
            "p99_of_sending_seconds": float(np.quantile(hour.lags, 0.99)),
            "goal": f"99 of 100 in {READS_GOAL_SECONDS:g} s",
            "met": late < READS_GOAL_SECONDS,
        },
    ]


def _times(asked: list[Asked]) -> dict[str, float]:
    seconds = [one.seconds for one in asked]
    return {
        "count": len(seconds),
        "p50": float(np.median(seconds)),
        "p99": float(np.quantile(seconds, 0.99)),
        "longest": max(seconds),
    }


def _by_address(asked: list[Asked]) -> dict[str, dict[str, float]]:
    """Return the times of each address that is read, whatever run or machine it is of."""
    found: dict[str, list[Asked]] = {}
    for one in asked:
        if one.kind in READS:
            parts = one.what.partition("?")[0].split("/")
            name = "/".join("*" if part.isdigit() or len(part) == 36 else part for part in parts)
            found.setdefault(name, []).append(one)
    return {name: _times(of) for name, of in sorted(found.items())}


def _kept(hour: Hour, wrong: dict[str, int], title: str) -> dict[str, Any]:
    ledger = hour.ledger
    return {
        "what": f"Load on {title}: kept once",
        "readings": sum(map(len, ledger.readings.values())),
        "of_them_late": len(hour.seconds_of("late reading")),
        "predictions": len(ledger.predictions),
        "trainings": len(ledger.trainings),
        "refused_as_busy": ledger.busy,
        "searches": len(ledger.searches),
        "wrong": sum(wrong.values()),
        "differences": wrong,
        "goal": "each once",
        "met": not any(wrong.values()),
    }


def _memory(hour: Hour, kind: str) -> dict[str, Any]:
    warm, end = hour.memory_at(1 / 3), hour.memory_at(1)
    return {
        "what": f"Load on {TITLES[kind]}: memory, MB after a third and at the end",
        **{part: f"{warm[part]:.0f} to {end[part]:.0f}" for part in warm},
        "course": hour.memory,
        "goal": f"at most {GROWTH_SHARE:.0%} and {GROWTH_MB:.0f} MB more",
        "met": all(end[p] <= (1 + GROWTH_SHARE) * warm[p] + GROWTH_MB for p in warm),
    }


def run(kinds: tuple[str, ...] = tuple(TITLES)) -> list[dict[str, Any]]:
    """Return what was measured; PostgreSQL is left out where it or Redis does not answer."""
    found = []
    for kind in kinds:
        try:
            found += measured(kind)
        except pytest.skip.Exception as error:
            found.append({"what": f"Load on {TITLES[kind]}", "skipped": str(error)})
    return found


if __name__ == "__main__":
    print(json.dumps(run(tuple(sys.argv[1:]) or tuple(TITLES)), indent=1))
