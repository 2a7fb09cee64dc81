"""Backups of an installation on a database server: the archive is the same, its database SQLite.

So one archive serves both: it is brought back to a server, or to one machine without any.
"""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connections

from modelwright.cli.errors import UsageError
from modelwright.cli.with_django import start

ALIAS = "archive"


def on_a_server() -> bool:
    """Return whether the database is elsewhere."""
    return bool(os.environ.get("MODELWRIGHT_DATABASE_URL"))


def require_own_files(home: Path) -> None:
    """Refuse where the data is not in the data folder.

    Raises
    ------
    UsageError
        It isn't.
    """
    root = os.environ.get("MODELWRIGHT_DATA_ROOT")
    if root and Path(root).absolute() != home:
        raise UsageError(
            f"The data root is outside the data folder (MODELWRIGHT_DATA_ROOT={root}): copy it"
            " yourself, and run this command with that variable unset for the rest."
        )


def server_snapshot(file: Path) -> None:
    """Write the server's database, as it is at one moment, to an SQLite file.

    Raises
    ------
    TransferError
        It can't be read, or not be stored.
    """
    start()
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    _transfer().database_add(ALIAS, f"sqlite:///{file}")
    try:
        _transfer().database_move("default", ALIAS)
    finally:
        connections[ALIAS].close()


def server_fill(file: Path) -> None:
    """Bring an archive's database into the server's, which must be empty.

    Raises
    ------
    TransferError
        It isn't, or a row can't be stored there; it is then as it was before.
    """
    start()
    _transfer().database_add(ALIAS, f"sqlite:///{file}")
    try:
        call_command("migrate", database=ALIAS, interactive=False, verbosity=0)
        _transfer().database_move(ALIAS, "default")
    finally:
        connections[ALIAS].close()


def _transfer() -> Any:
    """Return the package that moves databases; it needs Django set up."""
    return import_module("modelwright.operations.transfer")
