"""The tables that lie where data sets belong, for the form to offer."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

SUFFIXES = frozenset({".csv", ".tsv", ".parquet"})
MAX_FOUND = 200
MAX_LOOKED_AT = 5000


@dataclass(frozen=True)
class Dataset:
    """A file that may be trained on.

    Attributes
    ----------
    path : str
        Relative to the data root.
    name : str
        Its last part.
    size_bytes : int
    changed_at : datetime
    """

    path: str
    name: str
    size_bytes: int
    changed_at: dt.datetime


def datasets_found() -> list[Dataset]:
    """Return the tables below artifacts/datasets, newest first; no hidden ones and no links."""
    root = settings.DATA_ROOT
    folder = root / settings.DATASETS_PREFIX
    found: list[Dataset] = []
    if not folder.is_dir():
        return found
    for looked_at, path in enumerate(folder.rglob("*")):
        if looked_at >= MAX_LOOKED_AT or len(found) >= MAX_FOUND:
            break
        if dataset := _read(root, path):
            found.append(dataset)
    return sorted(found, key=lambda dataset: dataset.changed_at, reverse=True)


def _read(root: Path, path: Path) -> Dataset | None:
    relative = path.relative_to(root)
    if path.suffix.lower() not in SUFFIXES or any(part.startswith(".") for part in relative.parts):
        return None
    try:
        if path.is_symlink() or not path.is_file():
            return None
        facts = path.stat()
    except OSError:
        return None
    changed = dt.datetime.fromtimestamp(facts.st_mtime, tz=dt.UTC)
    return Dataset(relative.as_posix(), path.name, facts.st_size, changed)
