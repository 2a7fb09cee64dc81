"""Loading heavy or optional libraries only where they are needed."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from modelwright.engine.errors import ModelTrainerError


def is_installed(module: str) -> bool:
    """Return whether `module` can be imported, without importing it.

    Examples
    --------
    >>> is_installed("json"), is_installed("no_such_library")
    (True, False)
    """
    return find_spec(module) is not None


def load(
    module: str, *, remedy: str = "", error: type[ModelTrainerError] = ModelTrainerError
) -> Any:
    """Import `module` now.

    Parameters
    ----------
    module : str
        Dotted name.
    remedy : str
        What the user can do where it is missing.
    error : type
        Raised then.

    Returns
    -------
    module

    Raises
    ------
    ModelTrainerError
        (`error`) where it isn't installed.

    Examples
    --------
    >>> load("json").dumps([1])
    '[1]'
    """
    root = module.partition(".")[0]
    if not is_installed(root):
        hint = remedy or f"install it with: pip install {root}"
        raise error(f"The library {root!r} is not installed: {hint}", library=root)
    return import_module(module)
