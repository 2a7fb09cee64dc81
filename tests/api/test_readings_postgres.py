"""The same requests on PostgreSQL: this module runs the tests of contract B in a process there."""

import os
import subprocess
import sys

import pytest

from tests.services import postgres_database

FILES = (
    "tests/api/test_readings_in.py",
    "tests/api/test_machines.py",
    "tests/api/test_jobs.py",
    "tests/api/test_drift.py",
    "tests/api/test_events.py",
    "tests/registry/test_retention.py",
    "tests/registry/test_transfer.py",
    "tests/serving/test_retention.py",
    "tests/monitoring/test_alerts.py",
    "tests/monitoring/test_counting.py",
    "tests/monitoring/test_sql.py",
)


@pytest.mark.services
@pytest.mark.slow
def test_contract_b_behaves_alike_on_postgresql() -> None:
    with postgres_database() as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--no-header", *FILES],
            env={**os.environ, "MODELWRIGHT_TEST_DATABASE_URL": url},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
