"""Run benchmarks and write what was measured: ``python -m bench [part …]``, all if none is named.

Each part is written to the page as soon as it is measured; the others keep the figures, the date
and the version that they had.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench import others, searches, server
from bench.page import Row, page_write
from modelwright import __version__

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/reference/benchmarks.md"
PARTS: dict[str, Callable[[], tuple[Any, list[Row]]]] = {
    "server": server.measure,
    "grids": searches.grids,
    "bayesian": searches.bayesian_search,
    "workers": searches.two_workers,
    **{name: partial(others.measure, name) for name in others.MODULES},
}


def main() -> int:
    """Measure, write, and say whether the goals are met."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    named = parser.parse_args().parts
    if unknown := [name for name in named if name not in PARTS]:
        parser.error(f"There is no part {unknown[0]}. There are: {', '.join(PARTS)}.")
    return int(not all([_part(name) for name in named or PARTS]))


def _part(name: str) -> bool:
    load, when = os.getloadavg()[0], datetime.now(UTC)
    found, rows = PARTS[name]()
    target = ROOT / f"bench/results/{when:%Y%m%d-%H%M%S}-{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    result = {"version": __version__, "at": when.isoformat(timespec="seconds"), "load_before": load}
    target.write_text(json.dumps({**result, "figures": found}, indent=1) + "\n")
    lines = [
        "| what | measured | peer | ratio | goal |",
        "|---|---|---|---|---|",
        *map(str, rows),
        "",
        f"Version {__version__}, {when:%Y-%m-%d}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, load {load:.1f} before. Medians.",
    ]
    print("\n".join(lines), f"\nAll figures: {target.relative_to(ROOT)}\n", flush=True)
    page_write(PAGE, "\n".join(lines), name)
    return all(row.met is not False for row in rows)


if __name__ == "__main__":
    sys.exit(main())
