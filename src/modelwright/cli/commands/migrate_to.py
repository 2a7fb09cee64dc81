"""`modelwright migrate-to URL`."""

from typing import Annotated

import typer
from django.conf import settings
from django.db import connection

from modelwright.automation.plans import scheduler_is_running
from modelwright.cli.errors import CommandError, UsageError
from modelwright.cli.home import HomeBusyError, home_locked
from modelwright.cli.running import new_app
from modelwright.operations.transfer import database_add, database_move
from modelwright.operations.vitals import workers

app = new_app()
TARGET = "target"
KINDS = ("postgres://", "postgresql://")


@app.command()
def migrate_to(
    url: Annotated[str, typer.Argument(help="postgres://user:password@host:5432/name")],
) -> None:
    """Copy everything from the embedded database to an empty PostgreSQL, and compare both.

    The server must be stopped. The embedded database is left as it is. Broken off, or refused, it
    leaves the target as empty as it was: call it again.
    """
    if connection.vendor != "sqlite":
        raise UsageError("This installation uses a database server already.")
    if not url.startswith(KINDS):
        raise UsageError(f"The address must begin with {KINDS[0]}")
    try:
        with home_locked(settings.HOME):
            _require_still()
            database_add(TARGET, url)
            moved = database_move("default", TARGET, say=_say)
    except HomeBusyError as error:
        raise CommandError(f"Stop the server first. {error.message}") from error
    typer.echo(f"{moved.rows} rows of {moved.tables} tables, counted and compared: all are there.")
    typer.echo(
        "Now set MODELWRIGHT_DATABASE_URL to that address (in the environment, or in"
        f" {settings.HOME / '.env'}, mode 600) and start the server. The data folder stays where it"
        " is; its old database is no longer read."
    )


def _require_still() -> None:
    """Refuse while a part that was started by itself still works."""
    if alive := [f"worker {worker.pid} on {worker.hostname}" for worker in workers()]:
        raise CommandError(f"Stop the server first: {', '.join(alive)} still works.")
    if scheduler_is_running():
        raise CommandError("Stop the server first: a scheduler still runs.")


def _say(table: str, rows: int) -> None:
    if rows:
        typer.echo(f"{table}: {rows}", err=True)
