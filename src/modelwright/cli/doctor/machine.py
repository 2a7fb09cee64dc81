"""Checks that need no settings: Python, the data folder, the disk, the libraries."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from modelwright.cli.doctor.findings import Finding, broken, ok, warning
from modelwright.cli.home import home_path

OLDEST_PYTHON = (3, 11)
LITTLE_DISK_MB = 1024
NO_DISK_MB = 100
OPTIONAL = {
    "lightgbm": ("LightGBM models", "boosting"),
    "xgboost": ("XGBoost models", "boosting"),
    "skl2onnx": ("ONNX export", "onnx"),
    "psycopg": ("PostgreSQL", "postgres"),
    "redis": ("Redis as broker", "redis"),
    "storages": ("S3 storage", "s3"),
    "opentelemetry": ("traces", "otel"),
}


def python() -> Iterator[Finding]:
    """Is Python new enough?"""
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] >= OLDEST_PYTHON:
        yield ok("Python", found)
    else:
        yield broken("Python", f"{found} is too old", "Use Python 3.11 or later.")


def home() -> Iterator[Finding]:
    """Is the data folder there, ours, and closed to others?"""
    path = home_path()
    if not path.is_dir():
        yield broken(
            "Data folder",
            f"{path} is not there",
            "Start `modelwright up` once, or set MODELWRIGHT_HOME to where it is.",
        )
        return
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield broken(
            "Data folder",
            f"{path} can't be written by this user",
            f"Run as its owner, or: chown -R $(id -u) {path}",
        )
        return
    yield ok("Data folder", str(path))
    yield from _modes(path)


def _modes(path: Path) -> Iterator[Finding]:
    system = path / "system"
    for entry in (system, system / "secret.key", system / "modelwright.sqlite3", path / ".env"):
        if entry.exists() and (mode := stat.S_IMODE(entry.stat().st_mode)) & 0o077:
            yield broken(
                "Modes",
                f"{entry} may be read by others (mode {mode:o})",
                f"chmod {'700' if entry.is_dir() else '600'} {entry}",
            )


def disk() -> Iterator[Finding]:
    """Is there room?"""
    path = home_path()
    if not path.is_dir():
        return
    free = shutil.disk_usage(path).free // 1024 // 1024
    if free < NO_DISK_MB:
        yield broken("Disk", f"{free} MB free", "Make room: nothing can be written soon.")
    elif free < LITTLE_DISK_MB:
        yield warning("Disk", f"{free} MB free", "Make room before it runs out.")
    else:
        yield ok("Disk", f"{free / 1024:.1f} GB free")


def libraries() -> Iterator[Finding]:
    """Which of the optional libraries are there?"""
    missing = {name: why for name, why in OPTIONAL.items() if find_spec(name) is None}
    present = [why for name, (why, _) in OPTIONAL.items() if name not in missing]
    lacking = [f"{why} (extra {extra})" for why, extra in missing.values()]
    text = f"there: {', '.join(present) or 'none'}"
    if lacking:
        text += f"; not installed: {', '.join(lacking)}"
    yield ok("Optional libraries", text)


CHECKS = (python, home, disk, libraries)
