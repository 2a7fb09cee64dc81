"""The additive ridge: every hour of the day has slopes of its own, held near what they share."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from modelwright.engine.machines.candidates.arrow import arrow_predict
from modelwright.engine.machines.candidates.base import Folds, Rows, Term
from modelwright.engine.machines.candidates.drivers import DriverPlan
from modelwright.engine.machines.candidates.folds import SEASON_DAYS
from modelwright.engine.machines.candidates.frame import HOUR, Frame
from modelwright.engine.machines.candidates.towt import knots_text, slopes
from modelwright.engine.machines.candidates.weekly import (
    FIRM,
    Hinges,
    WeeklyCandidate,
    fold_arrows,
    weekday_columns,
)
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import Values

PIECES = 5
LAG_PIECES = 4
SATURDAY = 5
HARMONICS = 2
WEEK_PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
WARMTH_FACTORS = (1.0, 10.0, 100.0)
SEASON_PENALTIES = (1.0, 10.0, 100.0)


class AdditiveCandidate(WeeklyCandidate):
    """Time of week, temperature by hour and weekend, lagged temperature, drivers, season.

    All effects add up. The columns of each hour are penalised, those that all hours share hardly:
    an hour's own effect stands out only as far as its readings bear it. How firmly, and whether
    there is a yearly season at all, cross-validation decides; less than 330 days know no season.
    """

    name: ClassVar[str] = "additive"
    title: ClassVar[str] = "Additive model, every hour its own"

    def __init__(self) -> None:
        super().__init__()
        self.hinges = Hinges()
        self.lagged: tuple[Hinges, ...] = ()
        self.seasonal = False
        self.penalties = (1.0, 1.0, 1.0)

    @classmethod
    def suits(cls, frame: Frame, rows: Rows) -> bool:
        return frame.resolution == HOUR and super().suits(frame, rows)

    def cross_validate(self, frame: Frame, rows: Rows, folds: Folds) -> Values:
        tried = [_Trial(frame, rows, folds, seasonal=False)]
        best = tried[0].best([(w, w * f, 1.0) for w in WEEK_PENALTIES for f in WARMTH_FACTORS])
        if _days(frame, rows) >= SEASON_DAYS:
            week, warmth, _ = best[1]
            tried.append(_Trial(frame, rows, folds, seasonal=True))
            other = tried[1].best([(week, warmth, season) for season in SEASON_PENALTIES])
            self.seasonal = other[0] < best[0]
            best = min(best, other, key=lambda item: item[0])
        self.penalties = best[1]
        return best[2]

    def prepare(self, frame: Frame, rows: Rows) -> None:
        self.plan = DriverPlan.of(frame, rows, bent=True)
        if frame.temperature is None or frame.lagged is None:
            return
        self.hinges = Hinges.of(frame.temperature[rows], PIECES)
        self.lagged = tuple(Hinges.of(lag, LAG_PIECES) for lag in frame.lagged[rows].T)

    def _hourly(self, frame: Frame) -> list[Values]:
        weekend = (frame.weekday >= SATURDAY)[:, None]
        warmth = self.hinges.gathered(frame)
        return [weekday_columns(frame), warmth, warmth * weekend, *self._season(frame)]

    def _season(self, frame: Frame) -> list[Values]:
        if not self.seasonal:
            return []
        angles = frame.season[:, None] * np.arange(1, HARMONICS + 1)
        return [np.hstack([np.sin(angles), np.cos(angles)])]

    def own_columns(self, frame: Frame) -> Values:
        return np.hstack([np.ones((len(frame), 1)), *self._hourly(frame)])

    def shared_columns(self, frame: Frame) -> Values:
        columns = [np.ones((len(frame), 1)), *self._hourly(frame)]
        if frame.lagged is not None:
            columns += [h.columns(lag) for h, lag in zip(self.lagged, frame.lagged.T, strict=True)]
        holiday = frame.holiday[:, None].astype(float)
        return np.hstack([*columns, holiday, self.plan.matrix(frame)])

    def own_penalty(self, columns: int) -> Values:
        week, warmth, season = self.penalties
        count = 2 * len(self.hinges.centre)
        penalty = np.full(columns, season)
        penalty[0] = FIRM
        penalty[1:8] = week
        penalty[8 : 8 + count] = warmth
        return penalty

    def terms(self) -> list[Term]:
        terms = [Term("mean", self.centre)]
        count = len(self.hinges.centre)
        if count:
            at = 8
            terms += slopes(self.hinges, self.shared[at : at + count], "working days")
            weekend = self.shared[at : at + count] + self.shared[at + count : at + 2 * count]
            terms += slopes(self.hinges, weekend, "weekends")
        return terms + self.drivers_terms()

    def equation(self) -> str:
        parts = ["level of the hour of the week"]
        if self.hinges.centre:
            parts.append(
                "temperature by hour and weekend, bent at "
                f"{knots_text(self.hinges)} + temperature of the last 6 and 24 hours"
            )
        if self.seasonal:
            parts.append("season of the year by hour")
        return " + ".join([*parts, *dict.fromkeys(c.driver for c in self.plan.columns)])

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.common_dict(),
            "hinges": self.hinges.to_list(),
            "lagged": [hinges.to_list() for hinges in self.lagged],
            "seasonal": self.seasonal,
            "penalties": list(self.penalties),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        model = cls()
        model.common_from(data)
        model.hinges = Hinges.from_list(data["hinges"])
        model.lagged = tuple(Hinges.from_list(hinges) for hinges in data["lagged"])
        model.seasonal = bool(data["seasonal"])
        week, warmth, season = data["penalties"]
        model.penalties = (week, warmth, season)
        return model


_Choice = tuple[float, tuple[float, float, float], Values]


class _Trial:
    """The cross-validation of penalties: the columns are made once, the fits are subtractions."""

    def __init__(self, frame: Frame, rows: Rows, folds: Folds, *, seasonal: bool) -> None:
        self.model = AdditiveCandidate()
        self.model.seasonal = seasonal
        self.model.prepare(frame, rows)
        self.model.centre = float(frame.target[rows].mean())
        self.frame = frame
        self.rows = rows
        self.parts = fold_arrows(self.model, frame, rows, folds)
        self.own, self.shared = self.model.own_columns(frame), self.model.shared_columns(frame)
        self.total = self.parts[0][1]
        for _, arrow in self.parts[1:]:
            self.total = self.total.plus(arrow)

    def best(self, penalties: list[tuple[float, float, float]]) -> _Choice:
        """Return (mean squared error, penalties, predictions) of the best."""
        tried = [self._try(penalty) for penalty in penalties]
        return min(tried, key=lambda item: item[0])

    def _try(self, penalties: tuple[float, float, float]) -> _Choice:
        model, frame = self.model, self.frame
        model.penalties = penalties
        own = model.own_penalty(self.own.shape[1])
        shared = model.shared_penalty(self.shared.shape[1])
        predicted = np.full(len(frame), np.nan)
        for mask, arrow in self.parts:
            coefficients = self.total.plus(arrow, -1.0).solve(own, shared)
            group, _ = model.groups(frame, mask)
            predicted[mask] = model.centre + arrow_predict(
                self.own[mask], self.shared[mask], group, coefficients
            )
        error = predicted[self.rows] - frame.target[self.rows]
        return float(error @ error / error.size), penalties, predicted


def _days(frame: Frame, rows: Rows) -> float:
    times = frame.times[rows]
    return float(times[-1] - times[0]) / DAY_MS
