"""`modelwright cancel N`."""

from typing import Annotated

import typer

from modelwright.cli.running import new_app
from modelwright.runs.selectors import training_run_get
from modelwright.runs.services import training_cancel
from modelwright.runs.states import Status

app = new_app()


@app.command()
def cancel(
    number: Annotated[int, typer.Argument(help="As `modelwright runs` shows it.")],
) -> None:
    """Cancel a training run: a pending one at once, a running one within two seconds."""
    run = training_cancel(run=training_run_get(number, every=True), user=None)
    done = run.status == Status.CANCELLED
    typer.echo(f"Run {number} {'is cancelled' if done else 'was asked to stop'}.")
