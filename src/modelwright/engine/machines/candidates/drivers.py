"""Columns made from production and other drivers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from modelwright.engine.machines.candidates.base import Rows
from modelwright.engine.machines.candidates.frame import Frame
from modelwright.engine.machines.series import Values

LINEAR, ON, ABOVE = "linear", "on", "above"
LEAST_SHARE = 0.02
KNOT_SHARES = (0.25, 0.5, 0.75)
KNOT_ROWS = 60


@dataclass(frozen=True)
class DriverColumn:
    """One column: a driver itself, whether it is above 0, or how far it is above a knot.

    Parameters
    ----------
    driver, kind : str
    knot, scale : float
        The column is divided by `scale`.
    """

    driver: str
    kind: str
    knot: float = 0.0
    scale: float = 1.0

    @property
    def label(self) -> str:
        """Return what people read."""
        if self.kind == LINEAR:
            return self.driver
        return (
            f"{self.driver} > {self.knot:g}"
            if self.kind == ON
            else f"{self.driver} - {self.knot:g}"
        )

    def of(self, values: Values) -> Values:
        """Return the column; NaN where the driver is."""
        if self.kind == LINEAR:
            column = values
        elif self.kind == ON:
            column = np.where(np.isfinite(values), (values > self.knot).astype(float), np.nan)
        else:
            column = np.maximum(values - self.knot, 0.0)
        return column / self.scale


@dataclass(frozen=True)
class DriverPlan:
    """The columns of all drivers, in order.

    Parameters
    ----------
    columns : tuple of DriverColumn
    """

    columns: tuple[DriverColumn, ...] = ()

    @classmethod
    def of(cls, frame: Frame, rows: Rows, *, bent: bool) -> Self:
        """Return the plan for what the rows hold.

        Parameters
        ----------
        bent : bool
            Whether the effect of a driver may bend at its quartiles.
        """
        columns: list[DriverColumn] = []
        for name, values in frame.drivers.items():
            columns += _plan_of(name, values[rows], bent)
        return cls(tuple(columns))

    def matrix(self, frame: Frame) -> Values:
        """Return the columns, shape (n, number of columns)."""
        made = [column.of(frame.drivers[column.driver]) for column in self.columns]
        return np.column_stack(made) if made else np.empty((len(frame), 0))

    def to_list(self) -> list[dict[str, Any]]:
        """Return what JSON can hold."""
        return [asdict(column) for column in self.columns]

    @classmethod
    def from_list(cls, data: list[Mapping[str, Any]]) -> Self:
        """Return what `to_list` wrote."""
        return cls(tuple(DriverColumn(**column) for column in data))


def _plan_of(name: str, values: Values, bent: bool) -> list[DriverColumn]:
    spread = float(values.std())
    if not spread > 0:
        return []
    columns = [DriverColumn(name, LINEAR, scale=spread)]
    share = float((values > 0).mean())
    switched = bool((values >= 0).all()) and LEAST_SHARE < share < 1 - LEAST_SHARE
    positive = values[values > 0] if switched else values
    if np.unique(positive).size < 2:  # on or off is all that it says
        return columns
    if switched:
        columns.append(DriverColumn(name, ON))
    if bent and positive.size >= KNOT_ROWS:
        knots = np.unique(np.quantile(positive, KNOT_SHARES))
        columns += [DriverColumn(name, ABOVE, float(knot), spread) for knot in knots]
    return columns
