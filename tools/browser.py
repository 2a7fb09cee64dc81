"""Make sure that there is a Chromium for the browser tests; get one where there is none.

In this order: one on PATH, Playwright's own, its download, the system's packages (as root).
Where none can be had the browser tests are skipped, except where CI=true: there it is an error.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 600


def find() -> str:
    """Return the path of a Chromium, or nothing."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else ""


def _run(*command: str) -> bool:
    try:
        done = subprocess.run(command, check=False, timeout=SECONDS, stdout=subprocess.DEVNULL)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def get() -> str:
    """Return the path of a Chromium, fetched where there was none; nothing where that fails."""
    if path := find():
        return path
    sys.stderr.write("Getting a Chromium for the browser tests …\n")
    root = os.geteuid() == 0
    playwright = (sys.executable, "-m", "playwright", "install")
    if _run(
        *playwright, *(("--with-deps",) if root and shutil.which("apt-get") else ()), "chromium"
    ):
        return find()
    if root and shutil.which("apt-get"):
        _run("apt-get", "update", "-qq")
        _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
    return find()


def main() -> int:
    """Say what the browser tests will use."""
    path = get()
    sys.stderr.write(f"Browser tests use {path}\n" if path else "No Chromium could be had.\n")
    return int(not path and os.environ.get("CI") == "true")


if __name__ == "__main__":
    sys.exit(main())
