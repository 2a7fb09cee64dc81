"""`modelwright runs`: the list."""

from typing import Annotated

import typer

from modelwright.cli.output import print_json
from modelwright.cli.run_views import print_runs, run_facts
from modelwright.cli.running import new_app
from modelwright.runs.selectors import training_runs_all
from modelwright.runs.states import Status

app = new_app()


@app.command()
def runs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    status: Annotated[Status | None, typer.Option(help="Only these.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List training runs, newest first."""
    found = training_runs_all()
    if status is not None:
        found = found.filter(status=status)
    chosen = list(found[:limit])
    if as_json:
        print_json([run_facts(run) for run in chosen])
    elif chosen:
        print_runs(chosen)
    else:
        typer.echo(
            f"No run is {status.value}." if status else "There is no run yet: `modelwright train`."
        )
