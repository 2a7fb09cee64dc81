"""How much memory the parts of a server take, each with the processes below it."""

import psutil

from tests.stack import PARTS, Stack


def anonymous_mb(pid: int) -> float:
    """Return the memory of a process that is no file's, whoever shares it; 0 where it has ended.

    A process that forks has a smaller share of its memory while its child lives: what says whether
    memory grows must not depend on that.
    """
    try:
        found = psutil.Process(pid).memory_info()
    except psutil.NoSuchProcess:
        return 0.0
    return float(found.rss - found.shared) / 1024**2


def memory_mb(stack: Stack) -> dict[str, float]:
    """Return that of each part; the children of a worker, which live for one job, are left out."""
    pids = stack.pids()
    found = {}
    for part in PARTS:
        members = pids[part] + (pids["pool"] if part == "worker" else [])
        if part == "web":
            members += [p.pid for pid in members for p in psutil.Process(pid).children(True)]
        found[part] = sum(map(anonymous_mb, members))
    return found
