"""`modelwright backup FILE`."""

import os
import time
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from django.db import DatabaseError

from modelwright.cli.archive.manifest import DATABASE, SECRET, ArchiveError
from modelwright.cli.archive.reading import archive_verify
from modelwright.cli.archive.server import on_a_server, require_own_files, server_snapshot
from modelwright.cli.archive.writing import archive_write
from modelwright.cli.errors import CommandError
from modelwright.cli.home import home_open
from modelwright.cli.running import new_app
from modelwright.cli.with_django import start

app = new_app()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="What to write, e.g. a.tar.gz.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
) -> None:
    """Write database, secret, data and models to one archive, while the server runs.

    Whoever has the archive has the secret and all data: it is readable only by you.
    """
    home = home_open()
    require_own_files(home)
    target = file.absolute()
    _check(home, target, force=force)
    begun = time.monotonic()
    try:
        archive_write(home, target, snapshot_of=server_snapshot if on_a_server() else None)
        manifest = archive_verify(target)
    except OSError as error:
        raise ArchiveError(f"{target} could not be written: {error.strerror}.") from error
    size = target.stat().st_size / 1024 / 1024
    typer.echo(f"{target}: {len(manifest.files)} files, {size:.1f} MB, verified.")
    if SECRET not in manifest.files:
        typer.echo("The secret is in MODELWRIGHT_SECRET_KEY, not in the archive: keep it too.")
    _record(target, len(manifest.files), time.monotonic() - begun)


def _record(target: Path, files: int, seconds: float) -> None:
    """Note it in the database, which the archive has been made without: `doctor` asks for it."""
    try:
        start()
        backups = import_module("modelwright.operations.backups")
        backups.backup_record(file=target, files=files, seconds=seconds)
    except (CommandError, DatabaseError) as error:
        typer.echo(f"The backup is good, but could not be noted in the database: {error}", err=True)


def _check(home: Path, target: Path, *, force: bool) -> None:
    if not on_a_server() and not (home / DATABASE).exists():
        raise CommandError(f"There is nothing to back up in {home}: it has no database yet.")
    if target.resolve().is_relative_to(home.resolve()):
        raise CommandError("An archive inside the data folder would hold itself: choose another.")
    if not os.access(target.parent, os.W_OK):
        raise CommandError(f"{target.parent} is no folder that you may write to.")
    if target.exists() and not force:
        raise CommandError(f"{target} exists: choose another name, or --force.")
