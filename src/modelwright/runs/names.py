"""Who runs a job: a name that tells any process of the same host whether it still lives."""

import os
import re
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import psutil

SCRATCH_NAME = re.compile(r"[a-z_]+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")


@lru_cache(maxsize=1)
def host_name() -> str:
    """Return this host's name; containers that share it are told apart by their process table."""
    name = os.uname().nodename
    return f"{name}/{PID_NAMESPACE.stat().st_ino}" if PID_NAMESPACE.exists() else name


def worker_name(pid: int | None = None) -> str:
    """Return host, process id and the start of a process (default: this one), as one word."""
    process = psutil.Process(pid)
    return f"{host_name()}:{process.pid}-{_start_of(process)}"[-128:]


def _start_of(process: psutil.Process) -> str:
    """Return when a process began: by the host's own count where it has one.

    The time of day won't do: set it, and every process that was there before seems to be another
    one to those that start afterwards.
    """
    if not BOOT_ID.exists():
        return f"{process.create_time():.2f}"
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise psutil.NoSuchProcess(process.pid) from error
    ticks = stat.rpartition(")")[2].split()[19]
    return f"{ticks}-{BOOT_ID.read_text(encoding='ascii')[:8]}"


def scratch_name(kind: str, job_id: UUID, attempt: int) -> str:
    """Return the name of the folder that an attempt at a job works in."""
    return f"{kind}-{job_id}-{attempt}"


def worker_is_here(name: str) -> bool:
    """Return whether `name` is, or was, a process of this host."""
    return name.partition(":")[0] == host_name()


def worker_gone(name: str) -> bool:
    """Return whether `name` was a process of this host and has ended.

    Of other hosts nothing can be known: False.
    """
    host, _, rest = name.partition(":")
    pid, _, start = rest.partition("-")
    if host != host_name() or not pid.isdigit() or not start:
        return False
    try:
        process = psutil.Process(int(pid))
        return _start_of(process) != start or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
