"""`modelwright tune FILE`: a search here and now, with a table that fills itself."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from django.db import connections
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from modelwright.cli.errors import CommandError, UsageError
from modelwright.cli.here import CancelledByInterrupt, account_named, train_here
from modelwright.cli.output import console, number, print_json
from modelwright.cli.run_views import run_facts
from modelwright.cli.running import new_app
from modelwright.core.json_names import names_once
from modelwright.engine.config import TrainingConfig
from modelwright.engine.errors import HyperparameterError
from modelwright.engine.presets import PRESETS
from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.errors import SearchError
from modelwright.engine.search.results import Trial, ranked
from modelwright.engine.search.scoring import default_metric
from modelwright.runs.executor import run_here
from modelwright.runs.management.datasets import dataset_place
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import TrainingRequest
from modelwright.runs.states import Status
from modelwright.tuning.models import TuningRun
from modelwright.tuning.services import TuningRequest, tuning_cancel, tuning_submit
from modelwright.tuning.trials import trials_of

app = new_app()
SHOWN = 10
METHODS = {"grid": "grid_search", "random": "random_search"}
POLL_SECONDS = 0.25
ENDED_EARLY = {"cancelled": ", stopped", "timed_out": ", out of time"}


@app.command()
def tune(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV or Parquet, anywhere.")
    ],
    grid: Annotated[
        str, typer.Option(help="JSON, or @FILE: parameter -> list of choices, or range.")
    ],
    target: Annotated[str, typer.Option(help="Column to predict.")] = "",
    method: Annotated[
        str, typer.Option(help="grid_search, random_search or bayesian.")
    ] = "grid_search",
    model_type: Annotated[str, typer.Option(help="What to search for.")] = "random_forest",
    preset: Annotated[
        str, typer.Option(help=f"Instead of --target: {', '.join(sorted(PRESETS))}.")
    ] = "",
    task: Annotated[
        str, typer.Option(help="classification or regression; default: by the target.")
    ] = "",
    scoring: Annotated[str, typer.Option(help="Default: accuracy, or r2 for numbers.")] = "",
    folds: Annotated[int, typer.Option(help="2 to 20.")] = 5,
    iterations: Annotated[int, typer.Option("--n-iter", help="Of random and bayesian.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the folds and the choice.")] = 42,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds; it ends with what it has.")
    ] = None,
    racing: Annotated[
        bool, typer.Option("--early-stopping", help="Drop early what is surely worse.")
    ] = False,
    test_size: Annotated[float, typer.Option(help="Share of the rows kept from the search.")] = 0.2,
    notes: Annotated[str, typer.Option(help="Kept with the search.")] = "",
    user: Annotated[str, typer.Option(help="Account that it is recorded for.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Search for the best hyperparameters on a table here and now, and record the search.

    First a model is trained with what its type takes by default: the model run that the search
    hangs on, and a score to beat. A file outside the data root is copied as `train` does. Ctrl-C
    ends the search with what it has found.
    """
    if bool(target) == bool(preset):
        raise UsageError("Name the column to predict with --target, or a --preset.")
    if preset not in {"", *PRESETS}:
        raise UsageError(f"There is no preset {preset!r}: {', '.join(sorted(PRESETS))}.")
    account = account_named(user)
    training = TrainingRequest(
        dataset_path=str(file),
        test_split=test_size,
        hyperparameters={},
        notes=notes,
        preset=preset,
        target_column=PRESETS[preset].target_column if preset else target,
        model_type=PRESETS[preset].model_type if preset else model_type,
        task=task,
    )
    request = TuningRequest(
        tuning_method=METHODS.get(method, method),
        param_grid=_grid(grid),
        cv_folds=folds,
        scoring_metric=scoring,
        n_iter=iterations,
        random_state=seed,
        timeout_seconds=timeout,
        early_stopping=racing,
        user_notes=notes,
    )
    _check(training, request)  # before anything is trained
    training = replace(training, dataset_path=dataset_place(file.absolute()))
    model_run = train_here(training, account)
    if model_run.status != Status.COMPLETED:
        why = f"Run {model_run.number} {model_run.status}. {model_run.error_message}"
        raise CommandError(why.strip())
    run = _search(tuning_submit(request=request, model_run=model_run, user=account, here=True))
    trials = trials_of(run)
    if as_json:
        print_json(_facts(run, model_run, trials))
    else:
        _tell(run, model_run, trials)
    if run.best_params is None:
        error = (run.results or {}).get("error") or {}
        raise CommandError(error.get("message") or "No combination was scored.")


def _check(training: TrainingRequest, request: TuningRequest) -> None:
    config = SearchConfig(
        training=TrainingConfig(
            dataset_path=training.dataset_path,
            target_column=training.target_column,
            model_type=training.model_type,
            preset=training.preset or None,
            task=training.task or None,
        ),
        method=request.tuning_method,
        param_grid=request.param_grid,
        cv_folds=request.cv_folds,
        scoring_metric=request.scoring_metric or default_metric(training.task or "classification"),
        n_iter=request.n_iter,
        random_state=request.random_state,
        timeout_seconds=request.timeout_seconds,
        early_stopping=request.early_stopping,
    )
    try:
        config.check()
    except HyperparameterError as error:
        raise UsageError("\n".join(error.messages)) from error
    except SearchError as error:
        raise UsageError(str(error)) from error


def _grid(text: str) -> Any:
    """Read the grid, or the file that `@` names."""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--grid {text}: the file can't be read.") from error
    try:
        return json.loads(text, object_pairs_hook=names_once)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"--grid must be JSON like '{{\"max_depth\": [5, 10, null]}}', or @FILE: {error}."
        ) from error


def _search(run: TuningRun) -> TuningRun:
    """Run the search, or watch it where a worker was quicker, and return it as it ended."""
    ended = threading.Event()
    with (
        Live(console=console(stderr=True), refresh_per_second=8, transient=True) as live,
        CancelledByInterrupt(lambda: tuning_cancel(run=run, user=None)),
    ):
        watching = threading.Thread(target=_watch, args=(run, live, ended))
        watching.start()
        try:
            run_here(run.units.get())
            run.refresh_from_db()
            while not run.is_ended:
                ended.wait(POLL_SECONDS)
                run.refresh_from_db()
        finally:
            ended.set()
            watching.join()
    return run


def _watch(run: TuningRun, live: Live, ended: threading.Event) -> None:
    """Show what has been found, as often as eyes can follow."""
    shown = TuningRun.objects.get(pk=run.pk)
    try:
        while not ended.wait(POLL_SECONDS):
            shown.refresh_from_db(fields=["progress"])
            live.update(_board(shown))
    finally:
        connections.close_all()


def _board(run: TuningRun) -> Group:
    """Return what is seen while the search goes on: how far it is, and the best so far."""
    progress = run.progress or {}
    current, total, left = (progress.get(name) for name in ("current", "total", "remaining"))
    line = f"{current or 0} of {total or '?'} combinations"
    if left:
        line += f", about {left:.0f} s left"
    bar = ProgressBar(total=max(1, total or 1), completed=current or 0, width=60)
    best = ranked(trials_of(run))[:SHOWN]
    return Group(Text(line), bar, trials_table(tuple(best), run.config["scoring_metric"]))


def trials_table(trials: tuple[Trial, ...], metric: str) -> Table:
    """Return trials as a table, the best first."""
    names = sorted({name for trial in trials for name in trial.params})
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("rank", *names, metric, "±", "trial"):
        table.add_column(heading, overflow="fold")
    for rank, trial in enumerate(trials, 1):
        values = [_word(trial.params[name]) if name in trial.params else "" for name in names]
        style = "green" if rank == 1 else ""
        scores = (number(trial.mean), number(trial.std), str(trial.number + 1))
        table.add_row(str(rank), *values, *scores, style=style)
    return table


def _word(value: Any) -> str:
    return "none" if value is None else str(value)


def _tell(run: TuningRun, model_run: TrainingRun, trials: list[Trial]) -> None:
    results = run.results or {}
    ended = ENDED_EARLY.get(results.get("ended", ""), "")
    metric = run.config["scoring_metric"]
    typer.echo(
        f"{len(trials)} of {results.get('total_combinations', len(trials))} combinations in"
        f" {results.get('tuning_time', 0.0):.2f} s{ended}"
    )
    console().print(trials_table(tuple(ranked(trials)[:SHOWN]), metric))
    for status in ("failed", "dropped"):
        count = sum(trial.status == status for trial in trials)
        if count:
            typer.echo(f"{count} {status}")
    for note in results.get("notes", ()):
        typer.echo(note)
    typer.echo(f"Recorded as search {run.pk} of run {model_run.number}")
    if run.best_params is not None:
        typer.echo(f"Best: {json.dumps(run.best_params)}")


def _facts(run: TuningRun, model_run: TrainingRun, trials: list[Trial]) -> dict[str, Any]:
    """Return a search as JSON for programs."""
    results = run.results or {}
    return {
        "tuning_run_id": str(run.pk),
        "model_run": {"id": str(model_run.pk), **run_facts(model_run)},
        "status": run.status,
        "tuning_method": run.tuning_method,
        "scoring_metric": run.config["scoring_metric"],
        "best_params": run.best_params,
        **{
            name: results.get(name)
            for name in ("best_score", "total_combinations", "tuning_time", "ended", "evaluator",
                         "sampler", "notes", "error")
        },
        "trials": [trial.to_dict() for trial in trials],
    }  # fmt: skip
