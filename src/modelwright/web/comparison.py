"""Several runs side by side: what differs, which is best, and by how much."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from modelwright.runs.models import TrainingRun
from modelwright.web.run_view import SCORES, settings_of

MAX_RUNS = 200
MAX_CHARTED = 8
LESS_IS_BETTER = frozenset({"training_duration_seconds", "mae", "rmse", "mape"})
SECONDS = "training_duration_seconds"


@dataclass(frozen=True)
class Measured:
    """One metric of one run.

    Attributes
    ----------
    value : float or None
    difference : float or None
        To the first run; None for the first itself.
    is_best : bool
        Of all runs; nothing is best where all are the same.
    better : bool
        Whether the difference is for the better.
    """

    value: float | None
    difference: float | None
    is_best: bool
    better: bool


@dataclass(frozen=True)
class MetricRow:
    """One metric of all runs."""

    name: str
    title: str
    cells: list[Measured]


@dataclass(frozen=True)
class FactRow:
    """One setting or fact of all runs."""

    name: str
    values: list[Any]

    @cached_property
    def differs(self) -> bool:
        """Return whether the runs are not all alike in it."""
        return any(value != self.values[0] for value in self.values)

    @property
    def cells(self) -> list[tuple[Any, bool]]:
        """Return each value and whether it differs from the first run's."""
        return [(value, value != self.values[0]) for value in self.values]


@dataclass(frozen=True)
class FactGroup:
    """Facts that belong together."""

    title: str
    rows: list[FactRow]

    @property
    def differing(self) -> int:
        """Return in how many the runs differ."""
        return sum(row.differs for row in self.rows)


def metric_row(name: str, title: str, values: list[float | None]) -> MetricRow:
    """Mark the best and the differences to the first."""
    known = [value for value in values if value is not None]
    less = name in LESS_IS_BETTER
    best = (min if less else max)(known) if known and len(set(known)) > 1 else None
    first = values[0]
    cells = []
    for index, value in enumerate(values):
        difference = None if not index or value is None or first is None else value - first
        better = difference is not None and (difference < 0 if less else difference > 0)
        cells.append(Measured(value, difference, value is not None and value == best, better))
    return MetricRow(name, title, cells)


class Comparison:
    """Some runs, in the order asked for; the first is what the others are measured by."""

    def __init__(self, runs: list[TrainingRun]) -> None:
        self.runs = runs

    @cached_property
    def metrics(self) -> list[MetricRow]:
        """Return the scores and the time of each run."""
        titles = [*SCORES, (SECONDS, "Fit and evaluation, s")]
        extra = sorted({name for run in self.runs for name in run.metrics} - {n for n, _ in titles})
        rows = [
            metric_row(name, title, [self._score(run, name) for run in self.runs])
            for name, title in [*titles, *((name, name) for name in extra)]
        ]
        return [row for row in rows if any(cell.value is not None for cell in row.cells)]

    @staticmethod
    def _score(run: TrainingRun, name: str) -> float | None:
        if run.status != "completed":
            return None
        value = getattr(run, name, None)
        value = run.metrics.get(name) if value is None else value
        return float(value) if isinstance(value, int | float) else None

    @cached_property
    def groups(self) -> list[FactGroup]:
        """Return hyperparameters, data and circumstances, row by row."""
        by_run = [{s.name: s.value for s in settings_of(run)} for run in self.runs]
        names = list(dict.fromkeys(name for values in by_run for name in values))
        hyperparameters = [FactRow(n, [values.get(n) for values in by_run]) for n in names]
        return [
            FactGroup("Hyperparameters", [self._row("model", _model), *hyperparameters]),
            FactGroup(
                "Data",
                [
                    self._row("file", lambda run: run.dataset_path),
                    self._row("content (SHA-256)", lambda run: run.dataset_sha256[:16] or None),
                    self._row("target", lambda run: run.target_column),
                    self._row("rows", lambda run: run.total_samples),
                    self._row("share for the test", lambda run: run.test_split),
                    self._row("seed", lambda run: run.random_state),
                    self._row("columns used", lambda run: len(run.features_used) or None),
                ],
            ),
            FactGroup(
                "Circumstances",
                [
                    self._row("status", lambda run: run.status),
                    self._row(
                        "trained by", lambda run: run.user.username if run.user else "system"
                    ),
                    self._row("notes", lambda run: run.notes or None),
                    *self._libraries(),
                ],
            ),
        ]

    def _row(self, name: str, read: Callable[[TrainingRun], Any]) -> FactRow:
        return FactRow(name, [read(run) for run in self.runs])

    def _libraries(self) -> list[FactRow]:
        names = list(dict.fromkeys(name for run in self.runs for name in run.environment))
        return [FactRow(name, [run.environment.get(name) for run in self.runs]) for name in names]

    @property
    def differing(self) -> int:
        """Return in how many settings and facts the runs differ."""
        return sum(group.differing for group in self.groups)

    @property
    def figure(self) -> dict[str, Any]:
        """Return the chart of the scores, for charts.js."""
        rows = [row for row in self.metrics if row.name not in LESS_IS_BETTER]
        cells = [cell for row in rows for cell in row.cells[:MAX_CHARTED]]
        values = [cell.value for cell in cells if cell.value is not None]
        low = min(values, default=0.0)
        # differences of some thousandths are what one looks for; bars say so where they start
        start = max(0.0, low - 0.25 * (1 - low) - 0.01) if low > 0.5 else min(0.0, low)
        data = [
            {
                "type": "bar",
                "name": f"Run {run.number}",
                "x": [row.title for row in rows],
                "y": [row.cells[index].value for row in rows],
                "text": ["" if c is None else f"{c:.3f}" for c in _column(rows, index)],
                "textposition": "outside",
                "cliponaxis": False,
                "hovertemplate": "%{x} %{y:.4f}<extra>%{fullData.name}</extra>",
            }
            for index, run in enumerate(self.runs[:MAX_CHARTED])
        ]
        top = max(values, default=1.0)
        return {
            "data": data,
            "layout": {
                "barmode": "group",
                "yaxis": {"range": [start, top + 0.12 * (top - start)], "tickformat": ".2f"},
            },
        }

    @property
    def chart_note(self) -> str:
        """Return what must be known to read the bars."""
        start = self.figure["layout"]["yaxis"]["range"][0]
        notes = [f"the axis starts at {start:.2f}"] if start else []
        if len(self.runs) > MAX_CHARTED:
            notes.append(f"the first {MAX_CHARTED} of {len(self.runs)} runs")
        return "; ".join(notes)


def _model(run: TrainingRun) -> str:
    return run.model_type


def _column(rows: list[MetricRow], index: int) -> list[float | None]:
    return [row.cells[index].value for row in rows]
