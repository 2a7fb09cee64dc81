"""How far a channel, or all of them together, have moved from where they were in the last week."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, Self

import numpy as np

from modelwright.engine.machines.series import Values

LEVEL_MS = 7 * 24 * 3_600_000  # half-life of what is usual
SMOOTH_ROWS = 12.0  # half-life of what is compared with it
JOINT_ROWS = 10.0  # that of the joint figure
LEAST_VARIANCE = 1e-6
SHRUNK = 0.1  # of the correlations
PARTS = 4
_TAPS = 12  # half-lives after which the weight of a reading counts as nothing


@dataclass(frozen=True)
class Level:
    """Where a channel's standardised residuals were of late.

    Parameters
    ----------
    mean, variance : float
        Exponentially weighted.
    count : float
        Readings behind them.
    """

    mean: float = 0.0
    variance: float = 1.0
    count: float = 0.0

    def follow(self, residuals: Values, half_life: float) -> tuple["Level", Values, Values]:
        """Go through later residuals.

        Parameters
        ----------
        residuals : ndarray of float64, shape (n,)
            Standardised; NaN where unknown.
        half_life : float
            In readings.

        Returns
        -------
        level : Level
            After the last.
        moved : ndarray of float64, shape (n,)
            How far the smoothed residuals are from the mean before them, in standard deviations of
            a single one; NaN where unknown.
        bases : ndarray of float64, shape (n,)
            A mean before each reading that starts from nothing and never moves faster than the
            half-life.
        """
        mean, variance, count = self.mean, self.variance, self.count
        least, quick = 1 - 2 ** (-1 / half_life), 1 - 2 ** (-1 / SMOOTH_ROWS)
        smooth, base, moved, bases = mean, 0.0, [], []
        for value in residuals.tolist():
            bases.append(base)
            if value != value:  # NaN
                moved.append(value)
                continue
            smooth += quick * (value - smooth)
            moved.append(abs(smooth - mean) / sqrt(variance + LEAST_VARIANCE))
            count += 1
            share = max(least, 1 / (count + 1))
            base += least * (value - base)
            step = value - mean
            mean += share * step
            variance = (1 - share) * (variance + share * step * step)
        return Level(mean, variance, count), np.array(moved), np.array(bases)

    def to_list(self) -> list[float]:
        """Return what JSON can hold."""
        return [self.mean, self.variance, self.count]


def smoothed(residuals: Values, half_life: float) -> Values:
    """Return exponentially weighted means of columns, gaps counting as nothing unusual.

    Parameters
    ----------
    residuals : ndarray of float64, shape (n, channels)
    half_life : float
        In readings.
    """
    taps = np.arange(round(_TAPS * half_life))
    weights = (1 - 2 ** (-1 / half_life)) * 2 ** (-taps / half_life)
    filled = np.nan_to_num(residuals)
    if not len(filled):
        return filled
    columns = [np.convolve(column, weights)[: len(column)] for column in filled.T]
    return np.column_stack(columns)


@dataclass(frozen=True)
class Joint:
    """Whether channels go together as usual: a multivariate EWMA chart.

    Source: Lowry, Woodall, Champ and Rigdon, "A multivariate exponentially weighted moving average
    control chart", Technometrics 34, 1992; the covariance is that of the averages themselves, since
    readings follow each other closely.

    Parameters
    ----------
    centre : ndarray of float64, shape (channels,)
    precision : ndarray of float64, shape (channels, channels)
        Inverse covariance of the averages.
    """

    centre: Values
    precision: Values

    @classmethod
    def of(cls, averages: Values) -> Self:
        """Learn from averages of ordinary readings, shape (n, channels)."""
        centre = averages.mean(axis=0)
        apart = averages - centre
        covariance = apart.T @ apart / max(len(averages), 1)
        alone = np.diag(np.maximum(np.diag(covariance), LEAST_VARIANCE))
        return cls(centre, np.linalg.inv((1 - SHRUNK) * covariance + SHRUNK * alone))

    @classmethod
    def left_out(cls, averages: Values) -> Values:
        """Return the figure of each average by what was learned without its part of the time.

        Averages follow each other so closely that few of them are independent; figures of those
        that were learned from are too small by far.
        """
        parts = np.array_split(np.arange(len(averages)), PARTS)
        figures = [
            cls.of(np.delete(averages, part, axis=0)).figures(averages[part]) for part in parts
        ]
        return np.concatenate(figures)

    def figures(self, averages: Values) -> Values:
        """Return the squared distance of each average from the centre, shape (n,)."""
        apart = averages - self.centre
        return np.asarray(((apart @ self.precision) * apart).sum(axis=1))

    def parts(self, average: Values) -> Values:
        """Return what each channel adds to the figure of one average, shape (channels,)."""
        apart = average - self.centre
        return np.asarray((self.precision @ apart) * apart)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {"centre": self.centre.tolist(), "precision": self.precision.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        return cls(np.array(data["centre"]), np.array(data["precision"]))
