"""The web server stays light: what computes is loaded by workers only."""

import subprocess
import sys

# Not numpy: readings come in and go out as arrays, in the web server itself.
HEAVY = ("pandas", "scipy", "sklearn", "joblib", "optuna", "lightgbm", "xgboost", "numba")
PROGRAM = f"""
import sys
import modelwright.config.asgi
from django.urls import get_resolver
get_resolver().url_patterns
print(*[name for name in {HEAVY} if name in sys.modules])
"""


def test_the_web_server_loads_no_library_that_computes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
