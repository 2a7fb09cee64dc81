"""Take the tests of the large numeric libraries out of this environment: 40 MB nobody runs here.

    python tools/without_tests.py

For an environment that serves only; `pip install --force-reinstall` brings them back.
"""

import shutil
import sys
import sysconfig
from pathlib import Path

LIBRARIES = ("numpy", "pandas", "scipy", "sklearn")


def main() -> None:
    """Remove every folder `tests` of the libraries."""
    if sys.prefix == sys.base_prefix:
        raise SystemExit("Run this with the Python of a virtual environment.")
    packages = Path(sysconfig.get_path("platlib"))
    for library in LIBRARIES:
        for folder in sorted((packages / library).rglob("tests")):
            if folder.is_dir():
                shutil.rmtree(folder)


if __name__ == "__main__":
    main()
