"""How much memory the parts of a server take (PSS), each with the processes below it."""

import re
from pathlib import Path

import psutil

from tests.stack import PARTS, Stack


def pss_mb(pid: int) -> float:
    """Return the memory of a process, its share of what it shares; 0 where it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, re.findall(r"^Pss:\s+(\d+) kB", text, re.MULTILINE))) / 1024


def memory_mb(stack: Stack) -> dict[str, float]:
    """Return that of each part; the children of a worker, which live for one job, are left out."""
    pids = stack.pids()
    found = {}
    for part in PARTS:
        members = pids[part] + (pids["pool"] if part == "worker" else [])
        if part == "web":
            members += [p.pid for pid in members for p in psutil.Process(pid).children(True)]
        found[part] = sum(map(pss_mb, members))
    return found
