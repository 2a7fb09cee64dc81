"""Five hundred machines with two models each, queued at once, and the pages meanwhile.

``python -m bench.machines [--machines N] [--days N] [--home FOLDER]``. The machines are the sample
machines with other seeds: the hours of a year, sent through the REST ingest. Each gets a baseline
and an anomaly model by the REST contract; the worker has a slot for each core. The peer is a loop
over the same fits on each core at once, which reads the same readings from the database and writes
the model to a file; it runs before and after, on other machines each time.

A `--home` that is there already is used as it is: its machines have their readings, and the first
`--machines` of them are trained.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import requests
from tests.load.fleet import MACHINES as API
from tests.load.fleet import machine_create, machine_names, readings_send
from tests.stack import PARTS, PASSWORD, Stack, eventually

from modelwright.engine.machines.sample_machines import SampleMachine, sample_readings

MACHINES, DAYS = 500, 365
PEER_SHARE = 0.04  # of the machines, for each core and time
MODEL_TYPES = ("baseline", "anomaly")
END_MS = int(np.datetime64("2026-01-01", "ms").astype(np.int64))
RATIO_GOAL, PAGE_GOAL_SECONDS = 1.3, 0.3
PAGE_PAUSE_SECONDS = 1.0
LONGEST_SECONDS = 3600.0
TRIGGER = "/api/v1/model-performance/retrain/trigger"
JOBS = "/api/v1/model-performance/jobs"
ENV = {
    "MODELWRIGHT_JOB_THREADS": "1",
    "MODELWRIGHT_WRITE_RATE": "60000/minute",
    "OPENBLAS_NUM_THREADS": "1",
}


def ingest(stack: Stack, machines: Sequence[tuple[str, SampleMachine]], days: int) -> int:
    """Make the machines, send what they read, and return how many readings that were."""
    sent = 0
    for seed, (name, kind) in enumerate(machines):
        machine = machine_create(stack, name, kind)
        readings = sample_readings(kind, end_ms=END_MS, days=days, seed=100 + seed)
        sent += readings_send(stack, machine, readings)
    return sent


class Pages:
    """A person who looks at one page after the other while the queue is worked off."""

    def __init__(self, stack: Stack, machine: str) -> None:
        self._url = stack.url
        self._session = requests.Session()
        self._session.get(f"{stack.url}/login", timeout=60)
        fields = {
            "username": "admin",
            "password": PASSWORD,
            "csrfmiddlewaretoken": self._session.cookies["csrftoken"],
        }
        answer = self._session.post(f"{stack.url}/login", data=fields, timeout=60)
        answer.raise_for_status()
        self.addresses = {
            "home": "/ui/home",
            "runs": "/ui/runs",
            "machines": "/ui/machines",
            "last page of machines": "/ui/machines?page=10",
            "performance": "/ui/model-performance",
            "performance of a machine": f"/ui/model-performance?machine={machine}",
            "machine": f"/ui/machines/{machine}",
            "alerts": "/ui/alerts",
            "registry": "/ui/registry",
            "schedules": "/ui/schedules",
        }
        self.seconds: dict[str, list[float]] = {name: [] for name in self.addresses}
        self._over = threading.Event()

    def look(self) -> None:
        """Ask for each page once."""
        for name, address in self.addresses.items():
            begun = time.perf_counter()
            answer = self._session.get(self._url + address, timeout=60)
            taken = time.perf_counter() - begun
            answer.raise_for_status()
            if answer.url.endswith("/login"):
                raise RuntimeError("The session was not signed in.")
            self.seconds[name].append(taken)
            if self._over.wait(PAGE_PAUSE_SECONDS):
                return

    def _watch(self) -> None:
        while not self._over.is_set():
            self.look()

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """Look at them until the block ends."""
        self._over.clear()
        for taken in self.seconds.values():
            taken.clear()
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()


@contextmanager
def peers(stack: Stack, cores: int) -> Iterator[list["subprocess.Popen[str]"]]:
    """Start a plain loop for each core."""
    database = stack.home / "system/modelwright.sqlite3"
    command = [sys.executable, "-m", "bench.machines_peer", str(database)]
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        for _ in range(cores)
    ]
    try:
        yield started
    finally:
        for peer in started:
            if peer.stdin is not None:
                peer.stdin.close()
            peer.wait(60)


def fits_at_once(
    loops: Sequence["subprocess.Popen[str]"], names: Sequence[str]
) -> list[dict[str, float]]:
    """Have each loop fit the models of its share of the machines, all at the same time."""
    for number, peer in enumerate(loops):
        if peer.stdin is None:
            raise AssertionError
        asked = {"machines": names[number :: len(loops)], "model_types": MODEL_TYPES}
        peer.stdin.write(json.dumps(asked) + "\n")
        peer.stdin.flush()
    return [json.loads(peer.stdout.readline()) for peer in loops if peer.stdout is not None]


def machine_ids(stack: Stack) -> dict[str, str]:
    """Return the machines, name to id."""
    found: dict[str, str] = {}
    page = 1
    while True:
        answer = stack.request("GET", f"{API}?page={page}&page_size=100", stack.token("admin"))
        answer.raise_for_status()
        rows = answer.json()
        found |= {row["name"]: row["id"] for row in rows["results"]}
        if rows["next"] is None:
            return found
        page += 1


def count_of(stack: Stack, status: str) -> int:
    """Return how many trainings of machines have this status."""
    answer = stack.request("GET", f"{JOBS}?status={status}&page_size=1", stack.token("admin"))
    answer.raise_for_status()
    return int(answer.json()["count"])


def cpu_seconds(stack: Stack) -> float:
    """Return what all parts of the server have used of the processor, ended children included."""
    pids = stack.pids()
    parts = [pid for part in (*PARTS, "pool") for pid in pids[part]]
    return sum(sum(psutil.Process(pid).cpu_times()[:4]) for pid in parts)


def worked_off(stack: Stack, ids: Sequence[str]) -> tuple[int, float, float]:
    """Queue a training of each type for each machine, and wait until all have ended.

    Returns
    -------
    completed : int
    queued, seconds : float
        From the first trigger until the last was answered, and until the last training had ended.
    """
    before = count_of(stack, "completed")
    begun = time.perf_counter()
    headers = {"Authorization": f"Token {stack.token('admin')}"}
    session = requests.Session()
    for model_type in MODEL_TYPES:
        for machine in ids:
            body = {"model_type": model_type, "machine_id": machine, "trigger_type": "manual"}
            answer = session.post(stack.url + TRIGGER, json=body, headers=headers, timeout=60)
            answer.raise_for_status()
            if not answer.json()["triggered"]:
                raise RuntimeError(f"Not triggered: {answer.text}")
    queued = time.perf_counter() - begun

    def all_ended() -> bool:
        time.sleep(1.0)  # each look is work for the server
        return not count_of(stack, "pending") and not count_of(stack, "running")

    eventually(all_ended, seconds=LONGEST_SECONDS, what="all trainings ended")
    seconds = time.perf_counter() - begun
    return count_of(stack, "completed") - before, queued, seconds


def measured(stack: Stack, count: int) -> list[dict[str, Any]]:
    """Return the figures of a server whose machines have their readings."""
    cores = os.cpu_count() or 1
    by_name = machine_ids(stack)
    names = sorted(by_name)[:count]
    some = max(1, round(PEER_SHARE * count)) * cores
    pages = Pages(stack, by_name[names[0]])
    pages.look()  # templates are read
    with peers(stack, cores) as loops:
        fits_at_once(loops, names[: 2 * cores])  # warm
        loop = fits_at_once(loops, names[:some])
        with pages.looked_at():
            cpu = cpu_seconds(stack)
            completed, queued, seconds = worked_off(stack, [by_name[name] for name in names])
            cpu = cpu_seconds(stack) - cpu
        loop += fits_at_once(loops, names[-some:])
    fits = len(names) * len(MODEL_TYPES)
    ours = cores * seconds / fits
    made = sum(one["fits"] for one in loop)
    theirs = sum(one["seconds"] for one in loop) / made
    every = [s for taken in pages.seconds.values() for s in taken]
    late = float(np.quantile(every, 0.95))
    return [
        {
            "name": f"{len(names)} machines, {len(MODEL_TYPES)} models each, queued at once",
            "completed": completed,
            "seconds": seconds,
            "seconds_to_queue": queued,
            "core_seconds_a_fit": ours,
            "peer_core_seconds_a_fit": theirs,
            "cpu_seconds_a_fit": cpu / fits,
            "peer_cpu_seconds_a_fit": sum(one["cpu"] for one in loop) / made,
            "ratio": ours / theirs,
            "goal": RATIO_GOAL,
            "met": completed == fits and ours <= RATIO_GOAL * theirs,
        },
        {
            "name": "Pages meanwhile",
            "pages": len(every),
            "median_seconds": statistics.median(every),
            "seconds_of_95_in_100": late,
            "longest_seconds": max(every),
            "each": {
                name: {"median": statistics.median(taken), "longest": max(taken)}
                for name, taken in pages.seconds.items()
                if taken
            },
            "goal_seconds": PAGE_GOAL_SECONDS,
            "met": late < PAGE_GOAL_SECONDS,
        },
    ]


def run(
    machines: int = MACHINES, days: int = DAYS, home: Path | None = None
) -> list[dict[str, Any]]:
    """Return what was measured."""
    there = home is not None and home.exists()
    with Stack(home=home, env={**ENV, "MODELWRIGHT_SLOTS": str(os.cpu_count() or 1)}) as stack:
        if not there:
            ingest(stack, machine_names(machines), days)
        return measured(stack, machines)


def main() -> None:
    """Measure, and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=MACHINES)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--home", type=Path)
    asked = parser.parse_args()
    print(json.dumps(run(asked.machines, asked.days, asked.home), indent=1))


if __name__ == "__main__":
    main()
