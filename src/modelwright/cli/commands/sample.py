"""`modelwright sample load`."""

from typing import Annotated

import typer
from django.conf import settings

from modelwright.cli.running import new_app
from modelwright.cli.samples import samples_load

app = new_app("Load the sample data.")


@app.callback()
def sample() -> None:
    """Load the sample data."""


@app.command()
def load(
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Write the sample data set of 357 future skills to the data root."""
    written = samples_load(again=force)
    path = settings.DATA_ROOT / settings.SAMPLE_DATASET
    typer.echo(f"{path} {'is written' if written else 'is there already (--force replaces it)'}.")
