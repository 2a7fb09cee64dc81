"""A training run as the command line shows it."""

from typing import Any

from rich.text import Text

from modelwright.cli.output import number, print_facts, print_table, status_text
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status

SCORES = ("accuracy", "precision", "recall", "f1_score")
HEADINGS = ("run", "status", "version", "accuracy", "F1", "seconds", "by", "submitted (UTC)")


def run_row(run: TrainingRun) -> list[Text | str]:
    """Return a run as a line of the list."""
    done = run.status == Status.COMPLETED
    return [
        str(run.number),
        status_text(run.status),
        run.model_version,
        number(run.accuracy) if done else "",
        number(run.f1_score) if done else "",
        number(run.elapsed_seconds, 2),
        run.user.username if run.user else "",
        f"{run.created_at:%Y-%m-%d %H:%M:%S}",
    ]


def print_runs(runs: list[TrainingRun]) -> None:
    """Print the list."""
    print_table(HEADINGS, [run_row(run) for run in runs])


def print_run(run: TrainingRun) -> None:
    """Print all that is worth knowing of one run."""
    facts: dict[str, Text | str] = {
        "run": str(run.number),
        "status": status_text(run.status),
        "version": run.model_version,
        "model type": run.model_type,
        "data set": run.table_path,
        "target": run.target_column,
        "rows": _rows(run),
        "hyperparameters": _pairs(run.hyperparameters),
        "by": run.user.username if run.user else "",
        "submitted (UTC)": f"{run.created_at:%Y-%m-%d %H:%M:%S}",
        "seconds": number(run.elapsed_seconds, 2),
        "progress": _progress(run),
        "model": run.model_path,
        "notes": run.notes,
        "error": Text(run.error_message, style="red"),
    }
    print_facts({name: value for name, value in facts.items() if str(value)})
    print_metrics(run)
    for warning in run.warnings:
        print_facts({"warning": Text(str(warning), style="yellow")})


def print_metrics(run: TrainingRun) -> None:
    """Print the scores of a completed run, and its classes where it has some."""
    if run.status != Status.COMPLETED:
        return
    scores = {name: getattr(run, name) for name in SCORES if getattr(run, name) is not None}
    scores |= {k: v for k, v in run.metrics.items() if isinstance(v, float) and k not in scores}
    print_facts({name: number(value) for name, value in scores.items()})
    if run.per_class_metrics:
        columns = ("precision", "recall", "f1_score", "support")
        print_table(
            ("class", *columns),
            [
                [label, *(_cell(values.get(column)) for column in columns)]
                for label, values in run.per_class_metrics.items()
            ],
        )


def run_facts(run: TrainingRun) -> dict[str, Any]:
    """Return a run as JSON for programs."""
    return {
        "number": run.number,
        "status": run.status,
        "model_version": run.model_version,
        "model_type": run.model_type,
        "dataset_path": run.dataset_path,
        "target_column": run.target_column,
        "hyperparameters": run.hyperparameters,
        "metrics": run.metrics,
        "training_duration_seconds": run.training_duration_seconds,
        "model_path": run.model_path,
        "error_message": run.error_message,
        "warnings": run.warnings,
        "trained_by": run.user.username if run.user else None,
        "created_at": run.created_at.isoformat(),
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
    }


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _rows(run: TrainingRun) -> str:
    if run.total_samples is None:
        return ""
    return f"{run.total_samples} ({run.train_samples} to train, {run.test_samples} to test)"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _progress(run: TrainingRun) -> str:
    if run.is_ended:
        return ""
    return f"{run.progress_percent:.0f} % {run.progress_message}".strip()
