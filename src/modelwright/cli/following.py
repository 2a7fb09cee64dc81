"""Watching a run until it ends."""

import time

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from modelwright.cli.output import console
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import training_run_get

POLL_SECONDS = 0.3


def progress_bar() -> Progress:
    """Return the progress bar of all commands; on stderr, so that stdout holds only results."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        console=console(stderr=True),
        redirect_stdout=False,
        redirect_stderr=False,
    )


def run_follow(run: TrainingRun) -> TrainingRun:
    """Show how a run goes on and return it as it ended."""
    with progress_bar() as bar:
        task = bar.add_task(f"run {run.number}: {run.status}", total=100)
        while not run.is_ended:
            time.sleep(POLL_SECONDS)
            run = training_run_get(run.number, every=True)
            bar.update(
                task,
                completed=run.progress_percent,
                description=f"run {run.number}: {run.progress_message or run.status}",
            )
    return run
