"""What the tests of the command line share: an installation without a server, and a way to call."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from modelwright.engine.samples import write_future_skills_csv
from tests.stack import CLI, clean_environment, prepared_home

Done = subprocess.CompletedProcess[str]
Call = Callable[..., Done]


def call_with(home: Path, extra: dict[str, str] | None = None) -> Call:
    """Return a function that runs `modelwright` on `home`."""

    def call(*arguments: str, env: dict[str, str] | None = None) -> Done:
        return subprocess.run(
            [*CLI, *arguments],
            env={**clean_environment(home, extra), **(env or {})},
            cwd=home.parent,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared data folder with the sample data; no server runs on it."""
    home = prepared_home(tmp_path_factory.mktemp("cli") / "home")
    write_future_skills_csv(home / "artifacts/datasets/future_skills_dataset.csv")
    return home


@pytest.fixture(scope="module")
def call(installation: Path) -> Call:
    """Return a function that runs `modelwright` on the prepared installation."""
    return call_with(installation)


@pytest.fixture
def sample(installation: Path) -> Path:
    """Return the sample data set."""
    return installation / "artifacts/datasets/future_skills_dataset.csv"
