"""What the candidates with a time of week have in common."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.candidates.arrow import Arrow, arrow_predict
from modelwright.engine.machines.candidates.base import Candidate, Folds, Rows, Term
from modelwright.engine.machines.candidates.drivers import DriverPlan
from modelwright.engine.machines.candidates.frame import DAY, HOUR, Frame
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import Values

LEAST_DAYS = 14
HOURS, DAYS = 24, 7
LOOSE = 1e-6
FIRM = 1e-2


@dataclass(frozen=True)
class Hinges:
    """Temperature as a line that bends at some knots, in columns of mean 0 and spread 1.

    Parameters
    ----------
    knots, centre, scale : tuple of float
    """

    knots: tuple[float, ...] = ()
    centre: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()

    @classmethod
    def of(cls, values: Values, pieces: int) -> Self:
        """Return hinges that cut `values` into `pieces` parts of equal size."""
        shares = np.arange(1, pieces) / pieces
        knots = np.unique(np.quantile(values, shares))
        knots = knots[(knots > values.min()) & (knots < values.max())]
        columns = _bent(values, knots)
        spread = columns.std(axis=0)
        return cls(
            tuple(knots.tolist()),
            tuple(columns.mean(axis=0).tolist()),
            tuple(np.where(spread > 0, spread, 1.0).tolist()),
        )

    def columns(self, values: Values) -> Values:
        """Return the columns, shape (n, 1 + number of knots)."""
        bent = _bent(values, np.array(self.knots))
        columns: Values = (bent - np.array(self.centre)) / np.array(self.scale)
        return columns

    def gathered(self, frame: Frame) -> Values:
        """Return the columns for rows of `frame`: from the temperatures within them where known."""
        above = frame.warmth(self.knots, 1)
        if frame.temperature is None:
            return np.empty((len(frame), 0))
        bent = np.column_stack([frame.temperature, above])
        columns: Values = (bent - np.array(self.centre)) / np.array(self.scale)
        return columns

    def to_list(self) -> list[list[float]]:
        """Return what JSON can hold."""
        return [list(self.knots), list(self.centre), list(self.scale)]

    @classmethod
    def from_list(cls, data: list[list[float]]) -> Self:
        """Return what `to_list` wrote."""
        return cls(*(tuple(part) for part in data))


def _bent(values: Values, knots: Values) -> Values:
    return np.column_stack([values, np.maximum(values[:, None] - knots, 0.0)])


class WeeklyCandidate(Candidate):
    """A candidate with own coefficients for each hour of the day.

    Parameters
    ----------
    None; `penalties` holds what `cross_validate` chose.
    """

    def __init__(self) -> None:
        super().__init__()
        self.plan = DriverPlan()
        self.centre = 0.0
        self.own = np.empty((0, 0))
        self.shared = np.empty(0)

    @classmethod
    def suits(cls, frame: Frame, rows: Rows) -> bool:
        if frame.resolution not in (HOUR, DAY) or not rows.any():
            return False
        times = frame.times[rows]
        return int(times[-1] - times[0]) >= (LEAST_DAYS - 1) * DAY_MS

    @abstractmethod
    def prepare(self, frame: Frame, rows: Rows) -> None:
        """Learn what the columns are made with, from `rows` only."""

    @abstractmethod
    def own_columns(self, frame: Frame) -> Values:
        """Return the columns that each hour has coefficients of its own for."""

    @abstractmethod
    def shared_columns(self, frame: Frame) -> Values:
        """Return the other columns; the first is 1, the next seven the days of the week."""

    @abstractmethod
    def own_penalty(self, columns: int) -> Values:
        """Return the penalty of each own column."""

    def shared_penalty(self, columns: int) -> Values:
        """Return the penalty of each shared column."""
        penalty = np.full(columns, FIRM)
        penalty[0] = LOOSE
        return penalty

    def fit(self, frame: Frame, rows: Rows) -> Self:
        self.prepare(frame, rows)
        self.centre = float(frame.target[rows].mean())
        own, shared = self.own_columns(frame)[rows], self.shared_columns(frame)[rows]
        table = Arrow(own, shared, frame.target[rows] - self.centre, *self.groups(frame, rows))
        penalties = self.own_penalty(own.shape[1]), self.shared_penalty(shared.shape[1])
        self.own, self.shared = table.solve(*penalties)
        self.parameters = table.freedom(*penalties)
        return self

    def predict(self, frame: Frame) -> Values:
        group, _ = self.groups(frame, np.ones(len(frame), dtype=bool))
        coefficients = self.own, self.shared
        return self.centre + arrow_predict(
            self.own_columns(frame), self.shared_columns(frame), group, coefficients
        )

    @staticmethod
    def groups(frame: Frame, rows: Rows) -> tuple[NDArray[np.int64], int]:
        """Return the group of each of `rows`, and how many groups there are."""
        if frame.resolution == HOUR:
            return frame.hour[rows], HOURS
        return np.zeros(int(rows.sum()), dtype=np.int64), 1

    def drivers_terms(self) -> list[Term]:
        """Return the terms of the drivers, which are the last shared columns."""
        count = len(self.plan.columns)
        values = self.shared[self.shared.size - count :]
        return [
            Term(column.label, float(value / column.scale))
            for column, value in zip(self.plan.columns, values, strict=True)
        ]

    def common_dict(self) -> dict[str, Any]:
        """Return what every candidate of this kind keeps."""
        return {
            "plan": self.plan.to_list(),
            "centre": self.centre,
            "own": self.own.tolist(),
            "shared": self.shared.tolist(),
            "parameters": self.parameters,
        }

    def common_from(self, data: Mapping[str, Any]) -> None:
        """Take what `common_dict` gave."""
        self.plan = DriverPlan.from_list(data["plan"])
        self.centre = float(data["centre"])
        self.own = np.array(data["own"])
        self.shared = np.array(data["shared"])
        self.parameters = float(data["parameters"])


def weekday_columns(frame: Frame) -> Values:
    """Return one column for each day of the week, Monday first."""
    columns: Values = np.eye(DAYS)[frame.weekday]
    return columns


def fold_arrows(
    candidate: WeeklyCandidate, frame: Frame, rows: Rows, folds: Folds
) -> list[tuple[Rows, Arrow]]:
    """Return each fold's rows and cross products; the columns are prepared already."""
    own, shared = candidate.own_columns(frame), candidate.shared_columns(frame)
    target = frame.target - candidate.centre
    parts = []
    for fold in np.unique(folds[rows]):
        mask = rows & (folds == fold)
        group, groups = candidate.groups(frame, mask)
        parts.append((mask, Arrow(own[mask], shared[mask], target[mask], group, groups)))
    return parts
