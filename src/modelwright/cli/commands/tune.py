"""`modelwright tune FILE`: a search here and now, with a table that fills itself."""

import json
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from modelwright.cli.errors import CommandError, UsageError
from modelwright.cli.output import console, number, print_json
from modelwright.cli.running import new_app
from modelwright.engine.config import TrainingConfig
from modelwright.engine.errors import DataLoadError, HyperparameterError
from modelwright.engine.presets import PRESETS
from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.errors import SearchError
from modelwright.engine.search.results import SearchProgress, SearchResult, Trial, ranked
from modelwright.engine.search.runner import run_search
from modelwright.engine.search.scoring import default_metric

app = new_app()
SHOWN = 10
METHODS = {"grid": "grid_search", "random": "random_search"}


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
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Search for the best hyperparameters on a table here and now, and print the best.

    Ctrl-C ends the search with what it has found.
    """
    if bool(target) == bool(preset):
        raise UsageError("Name the column to predict with --target, or a --preset.")
    if preset not in {"", *PRESETS}:
        raise UsageError(f"There is no preset {preset!r}: {', '.join(sorted(PRESETS))}.")
    config = SearchConfig(
        training=TrainingConfig(
            dataset_path=str(file.absolute()),
            target_column=PRESETS[preset].target_column if preset else target,
            model_type=PRESETS[preset].model_type if preset else model_type,
            preset=preset or None,
            task=task or None,
        ),
        method=METHODS.get(method, method),
        param_grid=_grid(grid),
        cv_folds=folds,
        scoring_metric=scoring or default_metric(task or "classification"),
        n_iter=iterations,
        random_state=seed,
        timeout_seconds=timeout,
        early_stopping=racing,
    )
    try:
        result = _search(config)
    except HyperparameterError as error:
        raise UsageError("\n".join(error.messages)) from error
    except (SearchError, DataLoadError) as error:
        raise CommandError(str(error)) from error
    if as_json:
        print_json(result.to_dict())
    else:
        _tell(result)
    if result.best_params is None:
        why = next((trial.error for trial in result.trials if trial.error), "nothing was tried")
        raise CommandError(f"No combination could be scored: {why}")


def _grid(text: str) -> Any:
    """Read the grid, or the file that `@` names."""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--grid {text}: the file can't be read.") from error
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "--grid must be JSON like '{\"max_depth\": [5, 10, null]}', or @FILE."
        ) from error


def _search(config: SearchConfig) -> SearchResult:
    board = _Board(config.scoring_metric)
    stop = threading.Event()

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        with Live(console=console(stderr=True), refresh_per_second=8, transient=True) as live:

            def show(progress: SearchProgress) -> None:
                live.update(board.after(progress))

            return run_search(config, report=show, should_stop=stop.is_set)
    finally:
        signal.signal(signal.SIGINT, before)


class _Board:
    """What is seen while the search goes on: how far it is, and the best so far.

    Parameters
    ----------
    metric : str
        What is maximised.
    """

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._best: tuple[Trial, ...] = ()

    def after(self, progress: SearchProgress) -> Group:
        """Return the board after one more trial."""
        if progress.trial is not None:
            self._best = ranked([*self._best, progress.trial])[:SHOWN]
        left = "" if progress.remaining is None else f", about {progress.remaining:.0f} s left"
        line = Text(f"{progress.current} of {progress.total} combinations{left}")
        bar = ProgressBar(total=max(1, progress.total), completed=progress.current, width=60)
        return Group(line, bar, trials_table(self._best, self._metric))


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


def _tell(result: SearchResult) -> None:
    ended = {"stopped": ", stopped", "timed_out": ", out of time"}.get(result.ended, "")
    typer.echo(
        f"{len(result.trials)} of {result.total_combinations} combinations in"
        f" {result.tuning_time:.2f} s{ended}"
    )
    console().print(trials_table(result.top(SHOWN), result.scoring_metric))
    for status in ("failed", "dropped"):
        count = sum(trial.status == status for trial in result.trials)
        if count:
            typer.echo(f"{count} {status}")
    if result.best_params is not None:
        typer.echo(f"Best: {json.dumps(dict(result.best_params))}")
