"""Run every benchmark and write what was measured."""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.stack import Stack

from bench import others, searches
from bench.page import page_write
from bench.server import CPU_GOAL_PERCENT, MEMORY_GOAL_MB, idle, time_to_ready
from bench.training import rest_against_script
from modelwright import __version__

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/reference/benchmarks.md"


def main() -> int:
    """Measure, write, and say whether the goals are met."""
    before = os.getloadavg()
    with Stack() as stack:
        trainings = rest_against_script(stack)
        stack.stop()
        stack.start()  # idle as after a start, not as after a day's work
        resting = idle(stack)
        ready = time_to_ready(stack)
    searched = searches.run()
    further = others.run()
    when = datetime.now(UTC)
    results = {
        "version": __version__,
        "at": when.isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.system(),
            "load_before": before,
        },
        "trainings": trainings,
        "idle": resting,
        "ready": ready,
        "searches": searched,
        "others": further,
    }
    target = ROOT / f"bench/results/{when:%Y%m%d-%H%M%S}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(results, indent=1) + "\n")
    table = _table(results)
    page_write(PAGE, table)
    print(table)
    print(f"All figures: {target.relative_to(ROOT)}")
    met = [*(t["met"] for t in trainings), ready["met"], resting["met_memory"], resting["met_cpu"]]
    return int(not all([*met, searched["met"], others.all_met(further)]))


def _table(results: dict[str, Any]) -> str:
    resting, ready, machine = results["idle"], results["ready"], results["machine"]
    memory = ", ".join(f"{name} {value:.0f}" for name, value in resting["pss_mb"].items())
    lines = ["| what | measured | peer | ratio | goal |", "|---|---|---|---|---|"]
    lines += [
        f"| {t['name']} | {t['ours_median']:.3f} s | {t['peer_median']:.3f} s | {t['ratio']:.2f}"
        f" | {t['goal_seconds']:.3f} s: {_met(t['met'])} |"
        for t in results["trainings"]
    ]
    lines += [
        f"| Ready | {ready['ours_median']:.1f} s | | | {ready['goal_seconds']:.0f} s:"
        f" {_met(ready['met'])} |",
        f"| Idle memory ({memory}) | {resting['pss_mb_total']:.0f} MB | |"
        f" | {MEMORY_GOAL_MB:.0f} MB: {_met(resting['met_memory'])} |",
        f"| Idle CPU | {resting['cpu_percent_total']:.1f} % | | | {CPU_GOAL_PERCENT:.0f} %:"
        f" {_met(resting['met_cpu'])} |",
        *searches.lines(results["searches"]),
        *others.lines(results["others"]),
        "",
        f"Version {results['version']}, {results['at'][:10]}, {machine['cores']} cores, Python"
        f" {machine['python']}, load {machine['load_before'][0]:.1f} before. Medians.",
    ]
    return "\n".join(lines)


def _met(met: bool) -> str:
    return "met" if met else "**missed**"


if __name__ == "__main__":
    sys.exit(main())
