"""`modelwright readings import FILE --machine NAME`."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from modelwright.catalog.errors import ReadingsRefusedError
from modelwright.catalog.ingest_rows import RowError
from modelwright.catalog.machines import machine_named
from modelwright.cli.errors import CommandError
from modelwright.cli.importing import Imported, readings_check, readings_import
from modelwright.cli.output import print_json
from modelwright.cli.running import new_app

app = new_app("Import readings of machines.")
SHOWN_ERRORS = 20


class OnError(StrEnum):
    """What to do with a file that has bad rows."""

    REJECT = "reject"
    SKIP = "skip"


@app.callback()
def readings() -> None:
    """Import readings of machines."""


@app.command("import")
def readings_import_command(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV, JSON lines or Parquet, with a `timestamp`."
        ),
    ],
    machine: Annotated[str, typer.Option(help="Name or id.")],
    on_error: Annotated[
        OnError,
        typer.Option(help="reject: look at all rows first, store nothing where one is bad."),
    ] = OnError.REJECT,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Store the readings of a file, of any size.

    What is there already is merged with it, so an import that was broken off is simply called
    again.
    """
    found = machine_named(machine)
    done = Imported()
    try:
        if on_error is OnError.REJECT:
            _refuse_bad(readings_check(file), file)
        readings_import(file, found, done)
    except ReadingsRefusedError as error:
        raise CommandError(error.message) from error
    except KeyboardInterrupt:
        typer.echo(
            f"Stopped; {done.accepted:,} readings were added so far. Call it again to go on.",
            err=True,
        )
        raise
    if as_json:
        print_json(asdict(done) | {"machine": str(found.pk)})
        return
    _tell_errors(done)
    rows = "row" if done.rejected == 1 else "rows"
    left_out = f", {done.rejected:,} {rows} left out" if done.rejected else ""
    typer.echo(
        f"{found.name}: {done.accepted:,} readings added, {done.updated:,} changed{left_out}."
    )


def _refuse_bad(seen: Imported, file: Path) -> None:
    if seen.rejected:
        _tell_errors(seen)
        count, them = (
            ("One row", "it") if seen.rejected == 1 else (f"{seen.rejected:,} rows", "them")
        )
        raise CommandError(
            f"{count} of {file.name} can't be used, so nothing was stored: correct {them}, or"
            f" leave {them} out with --on-error skip."
        )


def _tell_errors(seen: Imported) -> None:
    shown: list[RowError] = seen.errors[:SHOWN_ERRORS]
    for error in shown:
        typer.echo(f"Row {error.row}: {error.error}", err=True)
    if seen.rejected > len(shown):
        typer.echo(f"… and {seen.rejected - len(shown):,} more rows.", err=True)
