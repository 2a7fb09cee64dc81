"""Telling an installation with its own SQLite database from one on a database server."""

import os
from pathlib import Path

from modelwright.cli.errors import UsageError


def require_own_database(home: Path) -> None:
    """Refuse, with what to do instead, where backups are the database server's business.

    Raises
    ------
    UsageError
        A database server is configured, or the data lies outside the data folder.
    """
    if os.environ.get("MODELWRIGHT_DATABASE_URL"):
        raise UsageError(
            "This installation uses a database server (MODELWRIGHT_DATABASE_URL). Back it up with"
            " its own tool, e.g. pg_dump --format=custom --file=modelwright.dump, and then copy"
            f" {home} without system/broker and system/scratch. The order matters: database first."
            " To bring it back: pg_restore, then the folder."
        )
    root = os.environ.get("MODELWRIGHT_DATA_ROOT")
    if root and Path(root).absolute() != home:
        raise UsageError(
            f"The data root is outside the data folder (MODELWRIGHT_DATA_ROOT={root}): copy it"
            " yourself, and run this command with that variable unset for the rest."
        )
