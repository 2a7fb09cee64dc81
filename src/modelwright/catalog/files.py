"""Where files lie: those that requests may name, and those of registered data sets."""

from pathlib import Path

from django.conf import settings

from modelwright.core.files import private_dir
from modelwright.core.store import file_here


def uploads_dir() -> Path:
    """Return the folder of registered data sets, made where missing."""
    folder: Path = settings.DATA_ROOT / settings.UPLOADS_PREFIX
    return private_dir(folder)


def path_of_request(relative: str) -> Path:
    """Resolve a path that a request names: below the data root, in no closed folder.

    Registered data sets, and predictions for them, are closed to it: they belong to somebody, and
    are named by their id.

    Raises
    ------
    UnsafePathError
        It leaves the data root, or leads into a closed folder.
    """
    owned = (settings.UPLOADS_PREFIX, settings.PREDICTIONS_PREFIX)
    closed = (settings.SYSTEM_DIR, *(settings.DATA_ROOT / prefix for prefix in owned))
    return file_here(relative, closed=closed)


def path_of_dataset(relative: str) -> Path:
    """Resolve the path that a data set's row holds."""
    return file_here(relative, closed=(settings.SYSTEM_DIR,))
