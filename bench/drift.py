"""A drift check of 1,000,000 rows x 20 columns, against Evidently and NannyML.

``python -m bench.drift [--rows N] [--no-peers]``. Each peer gets an environment of its own below
``MODELWRIGHT_BENCH_CACHE`` (``~/.cache/modelwright-bench`` unless set), made when it is first
wanted; where it can't be installed its row says why. Both sides run in a process of their own on
the same table, a pandas frame with words as strings; ratios are of CPU time. Ours reads the stored
profile, counts the rows and checks them; imports are no part of either side.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.drift_table import answer, table, timed
from modelwright.engine.drift import Counts, Profile, drift_check

ROOT = Path(__file__).parents[1]
ROWS = 1_000_000
PEERS = {
    "evidently": (["evidently==0.7.23", "pandas<3"], 200.0),
    "nannyml": (["nannyml==0.13.1", "statsmodels"], 8.0),
}
"""Name -> what to install, and by how much less CPU we want to use."""
MEMORY_GOAL_MB = 32.0
KEPT_GOAL_MS = 10.0
PROFILE_GOAL_KB = 20.0
HOURS = 72
REPEATS = 5


def ours(rows: int) -> dict[str, float]:
    """Measure our check in this process."""
    fitted: list[Profile] = []
    fit = timed_fit(rows, fitted)
    profile = fitted[0]
    stored = profile.to_bytes()
    current = table(rows, 2)

    def work() -> None:
        read = Profile.from_bytes(stored)
        drift_check(read, read.count(dict(current.items())))

    work()
    found = min((timed(work) for _ in range(3)), key=lambda run: run["cpu"])
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    hours = [
        profile.count({n: c.iloc[i * 20 : (i + 1) * 20] for n, c in current.items()}).to_bytes()
        for i in range(HOURS)
    ]
    kept = []
    for _ in range(REPEATS):
        begun = time.process_time()
        drift_check(profile, Counts.total(Counts.many_from_bytes(hours)))
        kept.append(time.process_time() - begun)
    return {
        **found,
        "fit_cpu": fit["cpu"],
        "extra_mb": peak / 1e6,
        "kept_ms": statistics.median(kept) * 1000,
        "kb_a_column": len(stored) / 1000 / len(profile.columns),
    }


def timed_fit(rows: int, fitted: list[Profile]) -> dict[str, float]:
    """Measure the profile's making; the reference is gone afterwards."""
    reference = dict(table(rows, 1).items())
    return timed(lambda: fitted.append(Profile.fit(reference)))


def run(rows: int = ROWS, peers: Sequence[str] = tuple(PEERS)) -> list[dict[str, Any]]:
    """Return what was measured, one row each.

    Parameters
    ----------
    rows : int
        Of the window and of the reference.
    peers : sequence of str
        Of `PEERS`.
    """
    own = _measure([sys.executable, "-m", "bench.drift", "--ours", "--rows", str(rows)])
    size = f"{rows:,} rows x 20"
    found = [_against(name, own, rows) for name in peers]
    for what, key, goal, unit in (
        (f"Drift check, {size}: memory above the table", "extra_mb", MEMORY_GOAL_MB, "MB"),
        (f"Drift check from counts of {HOURS} hours", "kept_ms", KEPT_GOAL_MS, "ms"),
        ("Drift profile, a column", "kb_a_column", PROFILE_GOAL_KB, "kB"),
    ):
        met = own[key] <= goal
        found.append({"name": what, "ours": own[key], "unit": unit, "goal": goal, "met": met})
    return found


def _against(name: str, own: dict[str, float], rows: int) -> dict[str, Any]:
    goal = PEERS[name][1]
    row: dict[str, Any] = {
        "name": f"Drift check, {rows:,} rows x 20, against {name}",
        "ours": own["cpu"],
        "unit": "CPU s",
        "goal": goal,
    }
    try:
        peer = _measure([str(_environment(name)), "-m", "bench.drift_peer", name, str(rows)])
    except (subprocess.SubprocessError, OSError) as error:
        last = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
        return {**row, "skipped": f"{name} could not be run: {' '.join(last)}", "met": True}
    ratio = peer["cpu"] / own["cpu"]
    return {**row, "peer": peer["cpu"], "ratio": ratio, "met": ratio >= goal, "peer_all": peer}


def _environment(name: str) -> Path:
    """Return the interpreter of a peer's environment, made where there is none."""
    home = os.environ.get("MODELWRIGHT_BENCH_CACHE", "~/.cache/modelwright-bench")
    folder = Path(home).expanduser() / name
    python = folder / "bin/python"
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        for install in (["pip", "install", "uv"], ["uv", "pip", "install", *PEERS[name][0]]):
            # pip alone goes through versions of NannyML's dependencies for longer than ten minutes
            subprocess.run(
                [python, "-m", *install],
                check=True,
                capture_output=True,
                text=True,
                timeout=1800,
                env={**os.environ, "VIRTUAL_ENV": str(folder)},
            )
        ready.touch()
    return python


def _measure(command: list[str]) -> dict[str, float]:
    done = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=3600
    )
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """Print the rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ours:
        answer(ours(given.rows))
        return
    print(json.dumps(run(given.rows, () if given.no_peers else tuple(PEERS)), indent=2))


if __name__ == "__main__":
    main()
