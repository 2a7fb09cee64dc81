"""The web process checks grids without the heavy libraries."""

import subprocess
import sys


def test_nothing_heavy_is_loaded_to_check_a_grid() -> None:
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "import django; django.setup()\n"
        "import modelwright.api.tuning_views\n"
        "print([m for m in ('sklearn', 'scipy', 'optuna') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stdout
