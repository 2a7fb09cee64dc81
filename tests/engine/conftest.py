"""The sample table as a file."""

from pathlib import Path

import pytest

from modelwright.engine import write_future_skills_csv


@pytest.fixture(scope="session")
def skills_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the sample table; nobody changes it."""
    return write_future_skills_csv(tmp_path_factory.mktemp("data") / "future_skills_dataset.csv")
