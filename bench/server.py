"""What the parts cost when nothing happens, and how long the server takes to be ready."""

import re
import statistics
import time
from pathlib import Path
from typing import Any

import psutil
from tests.stack import PARTS, Stack

from bench.page import Row
from bench.training import rest_against_script

STARTS = 5
SETTLE_SECONDS = 10
IDLE_SECONDS = 30
READY_GOAL, MEMORY_GOAL_MB, CPU_GOAL_PERCENT = 6.0, 450.0, 2.0


def measure() -> tuple[Any, list[Row]]:
    """Measure trainings over REST, a start, and what it costs when nothing happens."""
    with Stack() as stack:
        trainings = rest_against_script(stack)
        stack.stop()
        stack.start()  # idle as after a start, not as after a day's work
        resting = idle(stack)
        ready = time_to_ready(stack)
    memory = ", ".join(f"{name} {value:.0f}" for name, value in resting["pss_mb"].items())
    return {"trainings": trainings, "idle": resting, "ready": ready}, [
        *(
            Row(
                one["name"],
                f"{one['ours_median']:.3f} s",
                f"{one['peer_median']:.3f} s",
                f"{one['ratio']:.2f}",
                f"{one['goal_seconds']:.3f} s",
                one["met"],
            )
            for one in trainings
        ),
        Row("Ready", f"{ready['ours_median']:.1f} s", goal=f"{READY_GOAL:.0f} s", met=ready["met"]),
        Row(
            f"Idle memory ({memory})",
            f"{resting['pss_mb_total']:.0f} MB",
            goal=f"{MEMORY_GOAL_MB:.0f} MB",
            met=resting["met_memory"],
        ),
        Row(
            "Idle CPU",
            f"{resting['cpu_percent_total']:.1f} %",
            goal=f"{CPU_GOAL_PERCENT:.0f} %",
            met=resting["met_cpu"],
        ),
    ]


def time_to_ready(stack: Stack) -> dict[str, Any]:
    """Start a set-up server again and again."""
    seconds = []
    for _ in range(STARTS):
        stack.stop()
        seconds.append(stack.start())
    median = statistics.median(seconds)
    return {
        "name": "Ready",
        "seconds": seconds,
        "ours_median": median,
        "goal_seconds": READY_GOAL,
        "met": median <= READY_GOAL,
    }


def idle(stack: Stack) -> dict[str, Any]:
    """Measure memory (PSS) and processor time of the parts while nothing happens."""
    time.sleep(SETTLE_SECONDS)
    pids = stack.pids()
    parts = {name: pids[name] + (pids["pool"] if name == "worker" else []) for name in PARTS}
    before = {name: _cpu(ids) for name, ids in parts.items()}
    time.sleep(IDLE_SECONDS)
    cpu = {name: 100 * (_cpu(ids) - before[name]) / IDLE_SECONDS for name, ids in parts.items()}
    memory = {name: sum(_pss_mb(pid) for pid in ids) for name, ids in parts.items()}
    return {
        "name": "Idle",
        "pss_mb": memory,
        "pss_mb_total": sum(memory.values()),
        "supervisor_pss_mb": sum(_pss_mb(pid) for pid in pids["supervisor"]),
        "cpu_percent": cpu,
        "cpu_percent_total": sum(cpu.values()),
        "met_memory": sum(memory.values()) <= MEMORY_GOAL_MB,
        "met_cpu": sum(cpu.values()) <= CPU_GOAL_PERCENT,
    }


def _cpu(pids: list[int]) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(t.user + t.system for t in times)


def _pss_mb(pid: int) -> float:
    """Return the memory of a process, its share of what it shares; 0 where it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, re.findall(r"^Pss:\s+(\d+) kB", text, re.MULTILINE))) / 1024
