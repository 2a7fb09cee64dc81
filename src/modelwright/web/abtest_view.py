"""One A/B test as its page shows it."""

import datetime as dt
from collections import Counter
from functools import cached_property
from typing import Any

from modelwright.abtests.models import ABTest
from modelwright.abtests.services import ab_test_look
from modelwright.accounts.models import User
from modelwright.catalog.access import Level, experiment_level
from modelwright.core.clock import now
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import champion_of
from modelwright.serving.models import Prediction
from modelwright.web.drawing import Drawn, columns_draw

DAYS_DRAWN = 60
VERDICTS = {
    "promote": ("good", "completed", "The challenger is better"),
    "stop": ("bad", "failed", "The challenger is worse"),
    "equivalent": ("idle", "completed", "No difference that matters"),
    "inconclusive": ("idle", "pending", "No verdict"),
    "continue": ("idle", "running", "Not decided yet"),
}
METRICS = {
    "accuracy": "Accuracy",
    "error_rate": "Error rate",
    "mae": "MAE",
    "rmse": "RMSE",
}


class ABTestView:
    """What the page needs; looking counts what is new."""

    def __init__(self, test: ABTest, user: User) -> None:
        if test.status == ABTest.Status.ACTIVE:
            ab_test_look(test=test)
        self.test = ABTest.objects.select_related(
            "subject__experiment", "machine", "version_a__run", "version_b__run", "created_by"
        ).get(pk=test.pk)
        experiment = self.test.subject.experiment
        self.edits = experiment is None or experiment_level(user, experiment) >= Level.EDITOR

    @property
    def is_active(self) -> bool:
        """Return whether it is on."""
        return self.test.status == ABTest.Status.ACTIVE

    @property
    def verdict(self) -> tuple[str, str, str]:
        """Return colour, shape and word of what it says."""
        if self.test.status == ABTest.Status.CANCELLED:
            return "idle", "cancelled", "Cancelled"
        if self.test.results.get("broken_guard"):
            return "bad", "warning", "A guard rail was broken"
        return VERDICTS[self.test.results.get("verdict", "continue")]

    @property
    def reason(self) -> str:
        """Return the sentence that says why."""
        return str(self.test.results.get("reason", ""))

    @property
    def arms(self) -> list[tuple[str, str, ModelVersion, dict[str, Any], list[tuple[str, float]]]]:
        """Return letter, role, version, numbers and metrics of both sides."""
        found = []
        for letter, role, version in (
            ("a", "champion", self.test.version_a),
            ("b", "challenger", self.test.version_b),
        ):
            side = self.test.results.get(letter, {})
            metrics = [
                (title, side["metrics"][name])
                for name, title in METRICS.items()
                if name in side.get("metrics", {})
            ]
            found.append((letter, role, version, side, metrics))
        return found

    @cached_property
    def traffic(self) -> list[tuple[str, int, Drawn]]:
        """Return letter, answers and answers a day of both sides; nothing for a back-test."""
        if self.test.mode == ABTest.Mode.BACK_TEST:
            return []
        since = now() - dt.timedelta(days=DAYS_DRAWN)
        rows = Prediction.objects.filter(test_id=self.test.pk, created_at__gte=since).exclude(
            arm="", label="", value=None
        )
        days: dict[str, Counter[dt.date]] = {"a": Counter(), "b": Counter()}
        for arm, at in rows.values_list("arm", "created_at").iterator():
            if arm in days:
                days[arm][at.date()] += 1
        all_days = sorted(set(days["a"]) | set(days["b"]))
        return [
            (arm, sum(by_day.values()), columns_draw([by_day[d] for d in all_days], "A day"))
            for arm, by_day in days.items()
        ]

    @property
    def guards(self) -> list[dict[str, Any]]:
        """Return what is known of each guard rail."""
        return list(self.test.results.get("guards", []))

    @property
    def segments(self) -> list[dict[str, Any]]:
        """Return what is known of each segment."""
        return list(self.test.results.get("segments", []))

    @property
    def figure(self) -> dict[str, Any] | None:
        """Return the interval over time; one look has none to show."""
        return ab_figure(self.test) if len(self.points) > 1 else None

    @property
    def points(self) -> list[dict[str, Any]]:
        """Return the looks, newest first."""
        history = self.test.results.get("history") or []
        return [{**point, "when": _when(point.get("at"))} for point in reversed(history)]

    @cached_property
    def is_acted_on(self) -> bool:
        """Return whether the challenger answers by now."""
        return champion_of(self.test.subject.key) == self.test.version_b


def _when(text: str | None) -> dt.datetime | None:
    found = dt.datetime.fromisoformat(text) if text else None
    return found.replace(tzinfo=dt.UTC) if found and found.tzinfo is None else found


def ab_figure(test: ABTest) -> dict[str, Any] | None:
    """Return the interval of a test's difference over time; None before the first look."""
    points = test.results.get("history") or []
    if not points:
        return None
    by_time = all(point.get("at") for point in points)
    where = [point["at"] if by_time else point["n"] for point in points]
    edges = [point for point in points if point["upper"] is not None]
    at = [point["at"] if by_time else point["n"] for point in edges]
    layout: dict[str, Any] = {
        "xaxis": {"type": "date"} if by_time else {"title": {"text": "rows"}},
        "yaxis": {"title": {"text": "error of a less that of b"}, "zeroline": True},
    }
    if test.margin:
        line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "tone": "ink-soft"}
        layout["shapes"] = [{**line, "y0": test.margin, "y1": test.margin}]
    if len(edges) == 1:  # no band between two looks: a bar
        span = {"type": "scatter", "mode": "lines", "name": "Interval", "series": 0,
                "x": at * 2, "y": [edges[0]["lower"], edges[0]["upper"]]}  # fmt: skip
        return {"data": [span, _middle(where, points)], "layout": layout}
    return {
        "data": [
            {"type": "scatter", "mode": "lines", "name": "Lower end", "series": 0, "band": True,
             "x": at, "y": [point["lower"] for point in edges]},
            {"type": "scatter", "mode": "lines", "name": "Upper end", "series": 0, "band": True,
             "fill": "tonexty", "x": at, "y": [point["upper"] for point in edges]},
            _middle(where, points),
        ],
        "layout": layout,
    }  # fmt: skip


def _middle(where: list[Any], points: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "scatter", "mode": "lines+markers", "name": "Difference", "series": 0,
            "x": where, "y": [point["difference"] for point in points]}  # fmt: skip
