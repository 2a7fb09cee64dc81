"""Time of week and temperature (TOWT)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from modelwright.engine.machines.candidates.base import Folds, Rows, Term, each_fold
from modelwright.engine.machines.candidates.drivers import DriverPlan
from modelwright.engine.machines.candidates.frame import HOUR, Frame
from modelwright.engine.machines.candidates.weekly import (
    DAYS,
    FIRM,
    HOURS,
    Hinges,
    WeeklyCandidate,
    weekday_columns,
)
from modelwright.engine.machines.series import Values

PIECES = 6
OCCUPIED_SHARE = 0.65
ROUGH_PIECES = 3


class TimeOfWeekCandidate(WeeklyCandidate):
    """A level for every hour of the week, and a bent line in temperature, one for busy hours.

    Busy are the hours of the week in which more than 65 % of the readings lie above what the
    temperature alone explains. Mathieu, Price, Kiliccote and Piette (2011), "Quantifying changes in
    building electricity use, with application to demand response".
    """

    name: ClassVar[str] = "towt"
    title: ClassVar[str] = "Time of week and temperature"

    def __init__(self) -> None:
        super().__init__()
        self.hinges = Hinges()
        self.busy = np.zeros(HOURS * DAYS, dtype=bool)

    def cross_validate(self, frame: Frame, rows: Rows, folds: Folds) -> Values:
        predicted = np.full(len(frame), np.nan)
        for learn, test in each_fold(rows, folds):
            predicted[test] = type(self)().fit(frame, learn).predict(frame)[test]
        return predicted

    def prepare(self, frame: Frame, rows: Rows) -> None:
        self.plan = DriverPlan.of(frame, rows, bent=True)
        if frame.temperature is None:
            return
        self.hinges = Hinges.of(frame.temperature[rows], PIECES)
        if frame.resolution == HOUR:
            self.busy = _busy(frame, rows)

    def own_columns(self, frame: Frame) -> Values:
        return weekday_columns(frame)

    def shared_columns(self, frame: Frame) -> Values:
        warmth = self.hinges.gathered(frame)
        busy = self.busy[_hour_of_week(frame)][:, None]
        columns = [
            np.ones((len(frame), 1)),
            warmth * ~busy,
            warmth * busy,
            frame.holiday[:, None].astype(float),
            self.plan.matrix(frame),
        ]
        return np.hstack(columns)

    def own_penalty(self, columns: int) -> Values:
        return np.full(columns, FIRM)

    def terms(self) -> list[Term]:
        count = len(self.hinges.centre)
        quiet, busy = self.shared[1 : 1 + count], self.shared[1 + count : 1 + 2 * count]
        terms = [Term("mean", self.centre)]
        for label, values in (("quiet hours", quiet), ("busy hours", busy)):
            if count and bool((values != 0).any()):
                terms += slopes(self.hinges, values, label)
        return terms + self.drivers_terms()

    def equation(self) -> str:
        parts = ["level of the hour of the week"]
        if self.hinges.centre:
            parts.append("a line in temperature that bends at " + knots_text(self.hinges))
        return " + ".join([*parts, *dict.fromkeys(c.driver for c in self.plan.columns)])

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.common_dict(),
            "hinges": self.hinges.to_list(),
            "busy": np.flatnonzero(self.busy).tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        model = cls()
        model.common_from(data)
        model.hinges = Hinges.from_list(data["hinges"])
        model.busy[np.array(data["busy"], dtype=np.int64)] = True
        return model


def slopes(hinges: Hinges, values: Values, label: str) -> list[Term]:
    """Return the slope of each piece of a bent line.

    Examples
    --------
    >>> line = Hinges((0.0,), (0.0, 0.0), (1.0, 1.0))
    >>> [(t.name, t.value) for t in slopes(line, np.array([1.0, 2.0]), "all hours")]
    [('per degree below 0.0, all hours', 1.0), ('per degree above 0.0, all hours', 3.0)]
    """
    steps = np.cumsum(values / np.array(hinges.scale))
    if not hinges.knots:
        return [Term(f"per degree, {label}", float(steps[0]))]
    names = [f"below {hinges.knots[0]:.1f}", *(f"above {knot:.1f}" for knot in hinges.knots)]
    return [
        Term(f"per degree {name}, {label}", float(step))
        for name, step in zip(names, steps, strict=True)
    ]


def knots_text(hinges: Hinges) -> str:
    """Return the knots as people read them."""
    return ", ".join(f"{knot:.1f}" for knot in hinges.knots) or "no point"


def _hour_of_week(frame: Frame) -> Any:
    return frame.weekday * HOURS + frame.hour


def _busy(frame: Frame, rows: Rows) -> Any:
    temperature = frame.temperature if frame.temperature is not None else np.empty(0)
    known = temperature[rows]
    bent = Hinges.of(known, ROUGH_PIECES).columns(known)
    design = np.hstack([np.ones((known.size, 1)), bent])
    target = frame.target[rows]
    found, *_ = np.linalg.lstsq(design, target, rcond=None)
    above = (target - design @ found > 0).astype(float)
    which = _hour_of_week(frame)[rows]
    size = HOURS * DAYS
    counts = np.bincount(which, minlength=size)
    return np.bincount(which, above, minlength=size) > OCCUPIED_SHARE * np.maximum(counts, 1)
