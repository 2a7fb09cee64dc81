"""Run a Python script with a data folder of its own that is removed afterwards."""

import os
import subprocess
import sys
import tempfile


def main() -> int:
    """Run the script named by the arguments."""
    with tempfile.TemporaryDirectory(prefix="modelwright-check-") as home:
        environment = {**os.environ, "MODELWRIGHT_HOME": home}
        done = subprocess.run([sys.executable, *sys.argv[1:]], env=environment, check=False)  # noqa: S603
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
