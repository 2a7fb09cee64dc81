"""`modelwright restore FILE`."""

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from modelwright.cli.archive.manifest import DATABASE, ArchiveError, Manifest
from modelwright.cli.archive.reading import archive_extract, folder_swap
from modelwright.cli.archive.server import on_a_server, require_own_files, server_fill
from modelwright.cli.errors import CommandError
from modelwright.cli.home import home_holder, home_path
from modelwright.cli.running import new_app
from modelwright.core.clock import now
from modelwright.core.files import private_dir

app = new_app()


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An archive.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also where the data folder is in use; it is kept.")
    ] = False,
) -> None:
    """Bring an archive back, after comparing every file with its hash.

    What is in the data folder is moved aside, never deleted. On a database server, the database
    must be empty.
    """
    home = home_path()
    require_own_files(home)
    if holder := home_holder(home):
        raise CommandError(f"The server runs on {home} (process {holder}): stop it first.")
    used = home.exists() and any(home.iterdir())
    if used and not force:
        raise CommandError(
            f"{home} is not empty: restore to another MODELWRIGHT_HOME, or use --force, which"
            " moves what is there aside."
        )
    kept = home.with_name(f"{home.name}.before-restore-{now():%Y%m%d-%H%M%S}")
    try:
        manifest = _bring_back(file, home, kept)
    except OSError as error:
        raise ArchiveError(f"{home} could not be restored: {error.strerror}.") from error
    typer.echo(
        f"{home}: {len(manifest.files)} files of {manifest.created_at[:19]} UTC, verified"
        f" (written by version {manifest.version})."
    )
    if used:
        typer.echo(f"What was there is in {kept}.")
    elif kept.exists():
        shutil.rmtree(kept)  # nothing but what this command has made


def _bring_back(file: Path, home: Path, kept: Path) -> Manifest:
    """Extract beside the data folder first, so that a bad archive changes nothing."""
    private_dir(home.parent)
    fresh = home.with_name(f".{home.name}.restore-{os.getpid()}")
    try:
        fresh.mkdir(mode=0o700)
        manifest = archive_extract(file, fresh)
        if on_a_server():
            server_fill(fresh / DATABASE)
            for left in (fresh / DATABASE).parent.glob(f"{(fresh / DATABASE).name}*"):
                left.unlink()
        folder_swap(fresh, home, kept)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return manifest
