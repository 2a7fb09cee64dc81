"""An index is built beside those who write, and again where it was broken off."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests.stack import clean_environment, prepared_database

MANAGE = Path(__file__).parents[2] / "manage.py"
NAME = "model_performance_by_date"
BREAK_OFF = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)"
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


def migrate(database: str, *arguments: str) -> None:
    env = clean_environment(settings.HOME, {"MODELWRIGHT_DATABASE_URL": database})
    command = [sys.executable, MANAGE, "migrate", "--verbosity=0", *arguments]
    subprocess.run(command, env=env, check=True, timeout=120)


@pytest.mark.services
def test_an_index_that_was_broken_off_is_built_again() -> None:
    with prepared_database() as database, psycopg.connect(database, autocommit=True) as asked:
        # as a build that is killed leaves it: there, not whole, and the migration not on record
        asked.execute(BREAK_OFF, [NAME])
        asked.execute(
            "DELETE FROM django_migrations WHERE app = 'monitoring' AND name LIKE '0005_%'"
        )
        migrate(database)
        assert asked.execute(VALID, [NAME]).fetchone() == (True,)
        migrate(database, "monitoring", "0004")
        assert asked.execute(VALID, [NAME]).fetchone() is None
        migrate(database)
        assert asked.execute(VALID, [NAME]).fetchone() == (True,)
