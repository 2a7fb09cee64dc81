"""Settings for tests: a home per run, a fast hasher, a database that threads can share."""

import atexit
import os
import shutil
import tempfile

_home = tempfile.mkdtemp(prefix="modelwright-test-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
_database_url = os.environ.get("MODELWRIGHT_TEST_DATABASE_URL", "")
os.environ.update(
    MODELWRIGHT_HOME=_home,
    MODELWRIGHT_DATABASE_URL=_database_url,
    MODELWRIGHT_BROKER_URL=os.environ.get("MODELWRIGHT_TEST_BROKER_URL", "filesystem://"),
)

from modelwright.config.settings import *  # noqa: E402, F403
from modelwright.config.settings import DATABASES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING_CONFIG = None
if not _database_url:
    DATABASES["default"]["TEST"] = {"NAME": f"{_home}/test.sqlite3"}
