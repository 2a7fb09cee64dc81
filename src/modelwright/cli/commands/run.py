"""`modelwright run N`: one run."""

from typing import Annotated

import typer

from modelwright.cli.following import run_follow
from modelwright.cli.output import print_json
from modelwright.cli.run_views import print_run, run_facts
from modelwright.cli.running import new_app
from modelwright.runs.selectors import training_run_get
from modelwright.runs.states import Status

app = new_app()


@app.command()
def run(
    number: Annotated[int, typer.Argument(help="As `modelwright runs` shows it.")],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Wait for the end; exit 1 unless completed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show one training run, or follow it to its end."""
    found = training_run_get(number, every=True)
    if follow:
        found = run_follow(found)
    if as_json:
        print_json(run_facts(found))
    else:
        print_run(found)
    if follow and found.status != Status.COMPLETED:
        raise typer.Exit(1)
