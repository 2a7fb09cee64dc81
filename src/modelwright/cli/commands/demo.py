"""`modelwright demo`: the whole loop on a made-up machine, in minutes."""

import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from modelwright.cli import with_django
from modelwright.cli.errors import UsageError
from modelwright.cli.running import new_app

app = new_app()


@app.command()
def demo(
    home: Annotated[
        Path | None,
        typer.Option(help="A data folder of its own, empty or not there yet; default: a new one."),
    ] = None,
) -> None:
    """Live through a drift, a retraining, a test, a promotion and a rollback, untouched by hand.

    A made-up machine changes and is repaired again; everything else is what a server does. The
    data folder stays, so that one may look at it with `modelwright up`.
    """
    folder = home or Path(tempfile.mkdtemp(prefix="modelwright-demo-"))
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a data folder that is new.")
    os.environ["MODELWRIGHT_HOME"] = str(folder.absolute())
    os.environ.pop("MODELWRIGHT_DATABASE_URL", None)
    os.environ["MODELWRIGHT_BROKER_URL"] = "filesystem://"
    prepare = "modelwright.cli.commands.prepare"
    code = with_django.run(prepare, ["--no-samples"], "modelwright prepare", channel="cli")
    if code:
        raise typer.Exit(code)
    story = import_module("modelwright.automation.story").story_tell(tell=typer.echo)
    typer.echo()
    for one in story.timeline:
        typer.echo(f"{one.at:%Y-%m-%d %H:%M}  {one.kind:<15}  {one.text}")
    typer.echo()
    typer.echo(f"Look at it: MODELWRIGHT_HOME={folder} modelwright up --no-samples")
