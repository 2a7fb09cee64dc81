"""What a model of a table is asked and how it turns out, as its page shows it."""

from functools import cached_property
from typing import Any

from modelwright.monitoring.traffic.selectors import (
    VersionSeries,
    last_check_of,
    metrics_over_time,
)
from modelwright.monitoring.traffic.windows import Window
from modelwright.registry.models import Subject
from modelwright.web.drawing import Drawn, columns_draw

DAYS = 30
VERSIONS_DRAWN = 4
ROWS_SHOWN = 60
MAIN = ("accuracy", "rmse")
TITLES = {
    "accuracy": "Accuracy",
    "f1_score": "F1",
    "log_loss": "Log loss",
    "mae": "MAE",
    "rmse": "RMSE",
    "r2": "R²",
}
PARTS = (("inputs", "input"), ("answers", "prediction"))


class TrafficView:
    """What the section needs."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    @cached_property
    def last(self) -> dict[str, Any]:
        """Return what the last check found, and of which version."""
        return last_check_of(self._subject)

    @property
    def check(self) -> dict[str, Any] | None:
        """Return its facts."""
        found: dict[str, Any] | None = self.last["check"]
        return found

    @cached_property
    def versions(self) -> list[VersionSeries]:
        """Return the versions that answered lately, by day."""
        return metrics_over_time(self._subject, days=DAYS)

    @property
    def is_asked(self) -> bool:
        """Return whether anything was answered lately."""
        return bool(self.versions)

    @property
    def tiles(self) -> list[tuple[str, float, float | None]]:
        """Return title, value and that of the hold-out of each metric of the last check."""
        if self.check is None:
            return []
        then = self.check["baseline_metrics"]
        metrics = self.check["metrics"]
        return [
            (title, metrics[name], then.get(name))
            for name, title in TITLES.items()
            if name in metrics
        ]

    @property
    def features(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the columns that were compared, each with what it is."""
        check = self.check or {}
        found = [
            (word, feature)
            for part, word in PARTS
            if check.get(part)
            for feature in check[part]["features"]
        ]
        return sorted(found, key=lambda one: not one[1]["drifted"])

    @property
    def days(self) -> list[tuple[int, Window, list[tuple[str, float]]]]:
        """Return version, day and its metrics, newest day first."""
        found = [
            (one.version.number, day, _shown(day.metrics))
            for one in self.versions
            for day in one.windows
        ]
        return sorted(found, key=lambda row: (row[1].start, row[0]), reverse=True)[:ROWS_SHOWN]

    @property
    def volume(self) -> Drawn:
        """Return the answers of each day as bars."""
        by_day: dict[Any, int] = {}
        for one in self.versions:
            for day in one.windows:
                by_day[day.start] = by_day.get(day.start, 0) + day.given
        return columns_draw([by_day[day] for day in sorted(by_day)], "Answers a day")

    @property
    def figure(self) -> tuple[str, dict[str, Any]] | None:
        """Return the title and the chart of the main metric; one day has nothing to draw."""
        for name in MAIN:
            traces = [
                trace
                for one in self.versions[:VERSIONS_DRAWN]
                if (trace := _trace(one, name)) is not None
            ]
            if len({x for trace in traces for x in trace["x"]}) > 1:
                return f"{TITLES[name]} by day", {"data": traces, "layout": self._layout(name)}
        return None

    def _layout(self, name: str) -> dict[str, Any]:
        layout: dict[str, Any] = {"xaxis": {"type": "date"}}
        if name == "accuracy":
            layout["yaxis"] = {"range": [0, 1.02], "tickformat": ".0%"}
        else:
            layout["yaxis"] = {"rangemode": "tozero"}
        then = (self.check or {}).get("baseline_metrics", {}).get(name)
        if then is not None:
            layout["shapes"] = [
                {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": then, "y1": then,
                 "tone": "ink-soft"}
            ]  # fmt: skip
        return layout


def _shown(metrics: dict[str, float]) -> list[tuple[str, float]]:
    return [(title, metrics[name]) for name, title in TITLES.items() if name in metrics]


def _trace(one: VersionSeries, name: str) -> dict[str, Any] | None:
    known = [(day.start.isoformat(), day.metrics.get(name)) for day in one.windows if day.actuals]
    points = [(x, y) for x, y in known if y is not None]
    if not points:
        return None
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": f"version {one.version.number}",
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "showlegend": True,
    }
