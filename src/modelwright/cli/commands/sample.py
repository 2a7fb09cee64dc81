"""`modelwright sample load`."""

from typing import Annotated

import typer
from django.conf import settings

from modelwright.cli.running import new_app
from modelwright.cli.samples import (
    sample_machines_go_on,
    sample_machines_load,
    samples_load,
)

app = new_app("Load the sample data.")


@app.callback()
def sample() -> None:
    """Load the sample data."""


@app.command()
def load(
    force: Annotated[bool, typer.Option("--force", help="Replace the table.")] = False,
) -> None:
    """Write the sample data set of 357 future skills, and make the sample machines.

    Sample machines that are there already read on to the present hour.
    """
    written = samples_load(again=force)
    path = settings.DATA_ROOT / settings.SAMPLE_DATASET
    typer.echo(f"{path} {'is written' if written else 'is there already (--force replaces it)'}.")
    added = sample_machines_go_on(user=None)
    made = sample_machines_load(user=None)
    if made:
        typer.echo(f"Made {len(made)} machines with a year of readings each.")
    else:
        typer.echo(f"The sample machines are there; {added} readings were added.")
