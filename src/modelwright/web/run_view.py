"""One run as its page shows it: scores, tables, settings, and how to repeat it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings

from modelwright.engine.hyperparameters import MODEL_TYPES
from modelwright.engine.presets import PRESETS
from modelwright.registry.models import ModelVersion
from modelwright.runs.models import JobEvent, TrainingRun
from modelwright.runs.selectors import job_followed_from, training_runs
from modelwright.runs.states import Status

SHOWN_EVENTS = 300
STRONG_CELL = 0.55  # from this share on, the ink of a cell turns white
SCORES = (
    ("accuracy", "Accuracy"),
    ("precision", "Precision"),
    ("recall", "Recall"),
    ("f1_score", "F1"),
)
REGRESSION_SCORES = (("r2", "R²"), ("mae", "MAE"), ("rmse", "RMSE"), ("mape", "MAPE"))


@dataclass(frozen=True)
class Setting:
    """One hyperparameter in force."""

    name: str
    value: Any
    default: Any
    changed: bool


@dataclass(frozen=True)
class Cell:
    """One field of the confusion matrix: how many, and which share of its row."""

    count: int
    share: float
    right: bool

    @property
    def strong(self) -> bool:
        """Return whether the field is dark enough for white ink."""
        return self.share >= STRONG_CELL


@dataclass(frozen=True)
class Bar:
    """One feature and its importance; `width` is relative to the largest, in per cent."""

    name: str
    value: float
    width: float


def defaults_of(run: TrainingRun) -> dict[str, Any]:
    """Return the hyperparameters that would be in force had nobody asked for others."""
    model = MODEL_TYPES.get(run.model_type)
    defaults = {p.name: p.default for p in model.parameters} if model else {}
    preset = PRESETS.get(run.preset)
    return {**defaults, **(preset.defaults if preset else {})}


def settings_of(run: TrainingRun) -> list[Setting]:
    """Return every hyperparameter in force (before the end: what is known of them)."""
    defaults = defaults_of(run)
    values = {**defaults, **run.requested_hyperparameters, **run.hyperparameters}
    if run.preset in PRESETS and not run.is_ended:
        values = {k: v for k, v in values.items() if k in PRESETS[run.preset].hyperparameters}
    return [
        Setting(name, value, defaults.get(name), name in defaults and defaults[name] != value)
        for name, value in values.items()
    ]


def matrix_rows(
    matrix: Mapping[str, Any], order: Sequence[str] = ()
) -> list[tuple[str, list[Cell], int]]:
    """Return label, fields and sum of each row of a confusion matrix, in the order asked for."""
    labels: list[str] = list(matrix.get("labels", []))
    counts: list[list[int]] = matrix.get("matrix", [])
    places = [labels.index(label) for label in order or labels]
    rows = []
    for i in places:
        total = sum(counts[i])
        cells = [Cell(n := counts[i][j], n / total if total else 0.0, i == j) for j in places]
        rows.append((labels[i], cells, total))
    return rows


def bars_of(importance: Mapping[str, float]) -> list[Bar]:
    """Return the features, most important first."""
    ordered = sorted(importance.items(), key=lambda item: -item[1])
    top = max((value for _, value in ordered), default=0.0) or 1.0
    return [Bar(name, value, max(0.0, 100 * value / top)) for name, value in ordered]


class RunView:
    """What the page of one run needs beside the row."""

    def __init__(self, run: TrainingRun) -> None:
        self.last_event = job_followed_from(run)
        self.run = run

    @property
    def is_completed(self) -> bool:
        """Return whether there are results."""
        return self.run.status == Status.COMPLETED

    @property
    def is_cancelling(self) -> bool:
        """Return whether somebody asked for the end, which has not come yet."""
        return self.run.cancel_requested and self.run.is_open

    @cached_property
    def best_other(self) -> TrainingRun | None:
        """Return the best other completed run of the same subject."""
        others = (
            training_runs()
            .filter(subject=self.run.subject, status=Status.COMPLETED, accuracy__isnull=False)
            .exclude(pk=self.run.pk)
        )
        return (
            others.select_related(None)
            .only("number", "accuracy")
            .order_by("-accuracy", "-number")
            .first()
        )

    @property
    def against_best(self) -> float | None:
        """Return the accuracy's difference to the best other run."""
        if self.best_other is None or self.run.accuracy is None:
            return None
        return self.run.accuracy - (self.best_other.accuracy or 0.0)

    @property
    def scores(self) -> list[tuple[str, str, float | None]]:
        """Return name, title and value of each score."""
        if self.run.task == "regression":
            return [(n, title, self.run.metrics.get(n)) for n, title in REGRESSION_SCORES]
        return [(name, title, getattr(self.run, name)) for name, title in SCORES]

    @cached_property
    def _settings(self) -> list[Setting]:
        return settings_of(self.run)

    @property
    def settings(self) -> list[Setting]:
        """Return the hyperparameters that one may choose, as they are in force."""
        known = defaults_of(self.run)
        return [setting for setting in self._settings if setting.name in known]

    @property
    def fixed_settings(self) -> list[Setting]:
        """Return the others that are in force."""
        known = defaults_of(self.run)
        return [setting for setting in self._settings if setting.name not in known]

    @cached_property
    def labels(self) -> list[str]:
        """Return the classes, in the order of the preset where there is one."""
        labels: list[str] = list(self.run.confusion_matrix.get("labels", []))
        preset = PRESETS.get(self.run.preset)
        order = list(preset.allowed_labels) if preset else []
        return sorted(labels, key=lambda label: order.index(label) if label in order else -1)

    @property
    def matrix(self) -> list[tuple[str, list[Cell], int]]:
        """Return the rows of the confusion matrix."""
        return matrix_rows(self.run.confusion_matrix, self.labels)

    @property
    def classes(self) -> list[tuple[str, Mapping[str, float]]]:
        """Return each class and its scores."""
        scores = self.run.per_class_metrics
        return [(label, scores[label]) for label in self.labels if label in scores]

    @property
    def bars(self) -> list[Bar]:
        """Return the features by importance."""
        return bars_of(self.run.feature_importance)

    @property
    def wait_seconds(self) -> float | None:
        """Return how long the run waited for a worker."""
        if self.run.started_at is None:
            return None
        return (self.run.started_at - self.run.created_at).total_seconds()

    @cached_property
    def events(self) -> list[JobEvent]:
        """Return the newest events up to the one that the stream goes on after, oldest first."""
        newest = JobEvent.objects.filter(job_id=self.run.pk, pk__lte=self.last_event)
        return list(newest.order_by("-id")[:SHOWN_EVENTS])[::-1]

    @cached_property
    def version(self) -> ModelVersion | None:
        """Return the model version that the run made."""
        return ModelVersion.objects.filter(run=self.run).first() if self.is_completed else None

    @property
    def advice(self) -> str:
        """Return what to do about the failure, beyond what its message says."""
        return {
            "DataLoadError": "Mend the data set (the message names the place), then train again.",
            "HyperparameterError": "Train again with other hyperparameters.",
            "TrainingError": "Train again with other hyperparameters or more data.",
            "MemoryError": "Use fewer rows, fewer or shallower trees, or ask for a higher limit.",
            "TimeLimit": "Use fewer rows, fewer or shallower trees, or ask for a higher limit.",
            "WorkerLost": "Look at the worker's log and its memory, then train again.",
            "StorageError": "Make room on the server's disk, then train again.",
        }.get(self.run.error_type, "Train again; if it fails once more, look at the worker's log.")

    # --- repeating ------------------------------------------------------------------------------

    @property
    def command(self) -> str:
        """Return the command line that repeats the run."""
        run = self.run
        words = ["modelwright", "train", run.table_path]
        if run.preset:
            words += ["--preset", run.preset]
        else:
            words += ["--target", run.target_column, "--model-type", run.model_type]
        for name, value in run.requested_hyperparameters.items():
            words += ["--param", f"{name}={'null' if value is None else value}"]
        words += ["--test-size", f"{run.test_split:g}", "--seed", str(run.random_state)]
        return shlex.join(words)

    @property
    def python(self) -> str:
        """Return the lines of Python that repeat the run in a notebook."""
        run = self.run
        given = ", ".join(f"{k}={v!r}" for k, v in run.requested_hyperparameters.items())
        extra = "" if run.preset else f"    target_column={run.target_column!r},\n"
        extra += "" if run.preset else f"    model_type={run.model_type!r},\n"
        return (
            "from modelwright.engine import ModelTrainer\n\n"
            "trainer = ModelTrainer(\n"
            f"    {run.table_path!r},\n"
            f"{extra}"
            f"    test_split={run.test_split:g},\n"
            f"    random_state={run.random_state},\n"
            ")\n"
            "trainer.load_data()\n"
            f"print(trainer.train({given}))\n"
        )


def run_as_dict(run: TrainingRun) -> dict[str, Any]:
    """Return all that is recorded of a run, for the download."""
    return {
        "number": run.number,
        "id": str(run.pk),
        "status": run.status,
        "model_version": run.model_version,
        "model_type": run.model_type,
        "preset": run.preset,
        "task": run.task,
        "trained_by": run.user.username if run.user else None,
        "notes": run.notes,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "attempt": run.attempt,
        "worker": run.worker,
        "dataset": {
            "path": run.table_path,
            "sha256": run.dataset_sha256,
            "target_column": run.target_column,
            "features": run.features_used,
            "total_samples": run.total_samples,
            "train_samples": run.train_samples,
            "test_samples": run.test_samples,
            "test_split": run.test_split,
        },
        "random_state": run.random_state,
        "requested_hyperparameters": run.requested_hyperparameters,
        "hyperparameters": run.hyperparameters,
        "metrics": metrics_as_dict(run),
        "warnings": run.warnings,
        "environment": run.environment,
        "error": {"type": run.error_type, "message": run.error_message}
        if run.error_message
        else None,
        "software": f"modelwright {settings.VERSION}",
    }


def metrics_as_dict(run: TrainingRun) -> dict[str, Any]:
    """Return the results of a run, for the download."""
    return {
        "run": run.number,
        "model_version": run.model_version,
        "scores": run.metrics or {name: getattr(run, name) for name, _ in SCORES},
        "per_class": run.per_class_metrics,
        "confusion_matrix": run.confusion_matrix,
        "feature_importance": run.feature_importance,
        "training_duration_seconds": run.training_duration_seconds,
    }
