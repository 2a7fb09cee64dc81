"""`modelwright train FILE`: here and now, with a progress bar."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from django.conf import settings

from modelwright.cli.errors import CommandError, UsageError
from modelwright.cli.here import account_named, train_here
from modelwright.cli.output import print_json
from modelwright.cli.run_views import print_metrics, run_facts
from modelwright.cli.running import new_app
from modelwright.engine.presets import PRESETS
from modelwright.runs.management.datasets import dataset_place
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import TrainingRequest
from modelwright.runs.states import Status

app = new_app()
DEFAULT_MODEL_TYPE = "random_forest"


@app.command()
def train(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV or Parquet, anywhere.")
    ],
    target: Annotated[str, typer.Option(help="Column to predict.")] = "",
    model_type: Annotated[str, typer.Option(help="What to train.")] = DEFAULT_MODEL_TYPE,
    param: Annotated[
        list[str] | None, typer.Option(help="Hyperparameter as name=value; may be repeated.")
    ] = None,
    test_size: Annotated[float, typer.Option(help="Share of the rows to test on.")] = 0.2,
    task: Annotated[
        str, typer.Option(help="classification or regression; default: by the target.")
    ] = "",
    preset: Annotated[
        str, typer.Option(help=f"Instead of --target: {', '.join(sorted(PRESETS))}.")
    ] = "",
    version: Annotated[str, typer.Option(help="Name of the version; default: one is made.")] = "",
    notes: Annotated[str, typer.Option(help="Kept with the run.")] = "",
    seed: Annotated[int, typer.Option(help="Of the split and the model.")] = 42,
    user: Annotated[str, typer.Option(help="Account that the run is recorded for.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Train on a table here and now, print the metrics and record the run.

    A file outside the data root is copied to artifacts/datasets/imported/, so that the run can be
    repeated. Ctrl-C cancels the run.
    """
    if bool(target) == bool(preset):
        raise UsageError("Name the column to predict with --target, or a --preset.")
    if preset not in {"", *PRESETS}:
        raise UsageError(f"There is no preset {preset!r}: {', '.join(sorted(PRESETS))}.")
    account = account_named(user)
    request = TrainingRequest(
        dataset_path=dataset_place(file.absolute()),
        test_split=test_size,
        hyperparameters=dict(_parameter(text) for text in param or []),
        model_version=version,
        notes=notes,
        preset=preset,
        target_column=PRESETS[preset].target_column if preset else target,
        model_type=PRESETS[preset].model_type if preset else model_type,
        task=task,
        random_state=seed,
    )
    run = train_here(request, account)
    if as_json:
        print_json(run_facts(run))
    else:
        _tell(run)
    if run.status != Status.COMPLETED:
        raise CommandError(f"Run {run.number} {run.status}. {run.error_message}".strip())


def _parameter(text: str) -> tuple[str, Any]:
    """Read `name=value`; the value is JSON where it can be, else a word."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--param {text!r}: write it as name=value.")
    if value.lower() in ("none", "null"):
        return name, None
    try:
        return name, json.loads(value.lower() if value in ("True", "False") else value)
    except json.JSONDecodeError:
        return name, value


def _tell(run: TrainingRun) -> None:
    if run.status != Status.COMPLETED:
        return
    typer.echo(
        f"Run {run.number} completed in {run.training_duration_seconds:.2f} s:"
        f" version {run.model_version}"
    )
    print_metrics(run)
    typer.echo(f"Model: {settings.DATA_ROOT / run.model_path}")
