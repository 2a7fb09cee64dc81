"""A full disk: what is asked for is refused with the reason, and nothing half-made is left."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from modelwright.engine.samples import future_skills_csv
from tests.faults.jobs import PATIENT, assert_whole
from tests.stack import Stack, eventually, prepared_home

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DISK_MB = 64
BALLAST = "ballast"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0700", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, leave: int) -> None:
    """Leave so many bytes free."""
    state = os.statvfs(disk)
    # the server writes, too: it may have taken some meanwhile
    with contextlib.suppress(OSError), (disk / BALLAST).open("ab", buffering=0) as file:
        file.write(bytes(max(0, state.f_bavail * state.f_frsize - leave)))


@pytest.fixture
def server(disk: Path) -> Iterator[Stack]:
    with Stack(home=prepared_home(disk / "home"), env=PATIENT) as stack:
        stack.token()
        yield stack


def train(server: Stack, name: str, trees: int = 100) -> requests.Response:
    return server.request(
        "POST",
        "/api/training/train/",
        server.token(),
        json={
            "dataset_path": f"artifacts/datasets/{name}.csv",
            "model_version": name,
            "hyperparameters": {"n_estimators": trees},
        },
    )


def pages(answer: requests.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_a_full_disk_loses_nothing_and_says_so(server: Stack, disk: Path) -> None:
    for name in ("before", "during", "after"):
        server.put_dataset(f"{name}.csv", future_skills_csv())
    assert train(server, "before").status_code == 201

    fill(disk, leave=0)
    refused = train(server, "during")
    assert refused.status_code >= 400, refused.text
    assert refused.status_code != 500, server.logged()[-4000:]
    assert "detail" in refused.json()
    uploaded = server.request(
        "POST",
        "/api/v1/datasets/",
        server.token(),
        data={"name": "skills"},
        files={"file": ("skills.csv", future_skills_csv())},
    )
    assert uploaded.status_code in (503, 507), uploaded.text
    assert server.request("GET", "/api/training/runs/", server.token()).status_code == 200

    (disk / BALLAST).unlink()
    answer = eventually(
        lambda: (a := train(server, "after")).status_code == 201 and a,
        seconds=60,
        what="it works again",
    )
    assert answer.json()["status"] == "COMPLETED"
    runs = pages(server.request("GET", "/api/training/runs/", server.token()))
    assert {run["status"] for run in runs} <= {"COMPLETED", "FAILED"}
    for run in runs:
        if run["status"] == "FAILED":
            path = f"/api/training/runs/{run['id']}/"
            assert server.request("GET", path, server.token()).json()["error_message"]
    stored = [p for p in (server.home / "artifacts").rglob("*") if p.is_file()]
    assert not [p for p in stored if p.suffix in (".part", ".tmp")]


def test_an_artifact_that_does_not_fit_fails_its_run_and_leaves_no_file(
    server: Stack, disk: Path
) -> None:
    for name in ("big", "again"):
        server.put_dataset(f"{name}.csv", future_skills_csv())
    fill(disk, leave=4_000_000)  # enough for the database, not for a forest of 1,000 trees
    answer = train(server, "big", 1000)
    assert '"FAILED"' in answer.text, server.logged()[-4000:]
    assert "No space left on device" in answer.text
    (disk / BALLAST).unlink()
    again = train(server, "again", 1000)
    assert again.json()["status"] == "COMPLETED", again.text
    assert_whole(server, rows := server.rows("SELECT artifact_path, sha256 FROM model_versions"))
    stored = {p for p in (server.home / "artifacts/models").rglob("*") if p.is_file()}
    assert stored == {server.home / path for path, _ in rows}
