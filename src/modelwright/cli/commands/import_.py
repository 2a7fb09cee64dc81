"""`modelwright import FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from modelwright.catalog.machines import machine_named
from modelwright.cli.running import new_app
from modelwright.registry.selectors import subject_get
from modelwright.registry.transfer import version_import

app = new_app()


@app.command("import")
def import_version(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A .modelwright file.")],
    subject: Annotated[str, typer.Option(help="Slug of the model whose version it is to be.")] = "",
    machine: Annotated[
        str, typer.Option(help="Name or id of the machine whose model it is to be.")
    ] = "",
) -> None:
    """Take a version that another server exported, after checking signature and hash.

    Only signers that MODELWRIGHT_TRUSTED_SIGNERS names, and this server itself, are trusted.
    """
    with file.open("rb") as source:
        done = version_import(
            source=source,
            user=None,
            subject=subject_get(subject) if subject else None,
            machine=machine_named(machine) if machine else None,
        )
    version = done.version
    what = "Imported" if done.is_new else "It is here already:"
    typer.echo(f"{what} {version.name}, version {version.number} of {version.subject}.")
