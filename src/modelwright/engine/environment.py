"""Which versions a model was made with."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("scikit-learn", "numpy", "pandas", "modelwright")


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = [("python", platform.python_version())]
    for library in LIBRARIES:
        try:
            found.append((library, version(library)))
        except PackageNotFoundError:
            found.append((library, "unknown"))
    return tuple(found)


def environment() -> dict[str, str]:
    """Return library -> version, Python included.

    Examples
    --------
    >>> sorted(environment())
    ['modelwright', 'numpy', 'pandas', 'python', 'scikit-learn']
    """
    return dict(_versions())
