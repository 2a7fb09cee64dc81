"""`modelwright sample load`."""

from enum import StrEnum
from typing import Annotated

import typer
from django.conf import settings

from modelwright.cli.running import new_app
from modelwright.cli.samples import (
    sample_machines_go_on,
    sample_machines_load,
    sample_trainings_submit,
    samples_load,
)

app = new_app("Load the sample data.")


class Only(StrEnum):
    """Which of the sample data."""

    TABLE = "table"
    MACHINES = "machines"


@app.callback()
def sample() -> None:
    """Load the sample data."""


@app.command()
def load(
    force: Annotated[bool, typer.Option("--force", help="Replace the table.")] = False,
    only: Annotated[Only | None, typer.Option(help="Only these.")] = None,
) -> None:
    """Write the sample data set of 357 future skills, and make the sample machines.

    Sample machines that are there already read on to the present hour.
    """
    if only is not Only.MACHINES:
        _table(again=force)
    if only is not Only.TABLE:
        _machines()


def _table(*, again: bool) -> None:
    written = samples_load(again=again)
    path = settings.DATA_ROOT / settings.SAMPLE_DATASET
    typer.echo(f"{path} {'is written' if written else 'is there already (--force replaces it)'}.")


def _machines() -> None:
    added = sample_machines_go_on(user=None)
    made = sample_machines_load(user=None)
    queued = sample_trainings_submit(made, user=None)
    if made:
        typer.echo(
            f"Made {len(made)} machines with a year of readings each; {queued} trainings wait for"
            " a worker."
        )
    else:
        typer.echo(f"The sample machines are there; {added} readings were added.")
