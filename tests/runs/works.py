"""Things for a child process to do: real work that behaves badly in one way each."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.runs.child import Report


def fine(payload: Mapping[str, Any], scratch: Path, report: Report) -> Mapping[str, Any]:
    """Report, print, leave a file, and give back a result."""
    print("a line for the log")
    print("another", file=sys.stderr)
    for percent in (10.0, 50.0, 90.0):
        report(percent, "fit", f"{percent:g} done")
    (scratch / "file").write_text("made")
    return {"number": payload["number"]}


def python_loop(_payload: Mapping[str, Any], _scratch: Path, report: Report) -> Mapping[str, Any]:
    """Never end, in Python."""
    report(1.0, "loop", "")
    while True:
        pass


def c_code(_payload: Mapping[str, Any], _scratch: Path, report: Report) -> Mapping[str, Any]:
    """Stay in one call of compiled code for a long time, holding the interpreter's lock."""
    report(1.0, "sum", "")
    return {"sum": sum(range(10**12))}


def deaf(_payload: Mapping[str, Any], _scratch: Path, report: Report) -> Mapping[str, Any]:
    """Ignore every signal that can be ignored."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    report(1.0, "deaf", "")
    while True:
        time.sleep(1)


def with_grandchild(payload: Mapping[str, Any], scratch: Path, report: Report) -> Mapping[str, Any]:
    """Have a child of its own that never ends; say its number."""
    pid = os.fork()
    if not pid:
        while True:
            time.sleep(1)
    Path(payload["pid_file"]).write_text(str(pid))
    return deaf(payload, scratch, report)


def hungry(_payload: Mapping[str, Any], _scratch: Path, _report: Report) -> Mapping[str, Any]:
    """Take ever more memory."""
    taken = []
    while True:
        taken.append(np.ones(4 * 1024 * 1024))


def dies(_payload: Mapping[str, Any], _scratch: Path, _report: Report) -> Mapping[str, Any]:
    """End without a word."""
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def exits(_payload: Mapping[str, Any], _scratch: Path, _report: Report) -> Mapping[str, Any]:
    """Leave Python itself, as a crash in a library would."""
    os._exit(3)


def raises(_payload: Mapping[str, Any], _scratch: Path, _report: Report) -> Mapping[str, Any]:
    """Fail in a way nobody foresaw."""
    raise ZeroDivisionError("by nothing")


def not_a_number(_payload: Mapping[str, Any], _scratch: Path, _report: Report) -> Mapping[str, Any]:
    """Give back what JSON can't hold."""
    return {"number": float("nan")}


def many_lines(payload: Mapping[str, Any], scratch: Path, report: Report) -> Mapping[str, Any]:
    """Print far more than anybody reads."""
    for number in range(5000):
        print("line", number, "x" * 2000)
    return fine(payload, scratch, report)


def in_parts(payload: Mapping[str, Any], _scratch: Path, report: Report) -> Mapping[str, Any]:
    """Hand over what there is, and then do what the payload says."""
    for part in range(3):
        report.keep({"part": part})
    report(50.0, "parts", "")
    if payload["then"] == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    while payload["then"] == "goes on":
        time.sleep(0.1)
    return {"number": 3}


ready: list[int] = []


def get_ready(payload: Mapping[str, Any]) -> None:
    """Be called in the worker: what is cached there, the child has."""
    ready.append(payload["number"])


def is_ready(payload: Mapping[str, Any], _scratch: Path, _report: Report) -> Mapping[str, Any]:
    """Say what is there already."""
    return {"number": payload["number"], "ready": list(ready)}
