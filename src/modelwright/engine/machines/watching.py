"""Watching a machine model's errors: whether they have grown since its hold-out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift import ConceptResult, DriftDataError, DriftFormatError, EDetector
from modelwright.engine.machines.base import MachineModel
from modelwright.engine.machines.cadence import step_of
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import Series, Times, Values

CAPPED_AT = 0.95
"""Quantile of the hold-out's errors from which on one counts no more than another."""
LEAST_DAYS = 5
LEAST_ERRORS = 10
RUN_LENGTH_DAYS = 5000
SURE = 2.326
"""The usual loss is at most so many standard errors above what was measured (99 %)."""
FAR = 5.0
"""Standard deviations of ordinary days that a window must be away."""
FLOOR = 1.3
"""Least growth of the mean loss that matters."""
NEARLY_ALL = 0.9
"""A mean loss from which on a window has drifted in any case: almost every error is at the cap."""


@dataclass(frozen=True)
class Errors:
    """How far a model was off.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Milliseconds UTC, increasing.
    sizes : ndarray of float64, shape (n,)
        Absolute, in the target's unit; only where there are an actual value and a prediction.
    """

    times: Times
    sizes: Values


@dataclass(frozen=True)
class WindowErrors:
    """What the errors of one window amount to.

    Parameters
    ----------
    score : float
        1 or more where they have grown: far from those of ordinary days, beyond all of these, and
        by enough to matter.
    ratio : float
        Mean loss over that of the hold-out.
    """

    score: float
    ratio: float

    @property
    def drifted(self) -> bool:
        """Whether they have grown."""
        return self.score >= 1.0


def errors_of(model: MachineModel, series: Series, start: int) -> Errors:
    """Return the errors of the readings from `start` on; those before it are looked back on."""
    found = model.expected(series)
    actual = series.channels.get(model.target, np.full(len(series), np.nan))
    known = (series.times >= start) & np.isfinite(actual) & np.isfinite(found.mean)
    return Errors(series.times[known], np.abs(actual - found.mean)[known])


class ErrorWatch:
    """Compares a model's errors with those of its hold-out, in two ways.

    An error is divided by the hold-out's 95 % quantile and ends at 1 (the *loss*), so that a single
    broken reading decides nothing.

    * *Sequential*: an e-detector on the means of days, with at least 5,000 days between two false
      alarms on average, for a mean loss that isn't above its 99 % bound. It finds small growth that
      lasts.
    * *A window* against the ordinary days of the hold-out: finds large growth within a day.

    Parameters
    ----------
    scale : float
        What errors are divided by.
    usual, spread, worst : float
        Mean loss of the hold-out; standard deviation and maximum of those of its days.
    days : int
        Of the hold-out.
    per_day : int
        Readings.
    detector : EDetector

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> hours = np.arange(24 * 60) * 3_600_000
    >>> watch = ErrorWatch.fit(Errors(hours, np.abs(rng.normal(size=hours.size))))
    >>> watch.window(Errors(hours[:24], np.abs(rng.normal(size=24)))).drifted
    False
    >>> watch.window(Errors(hours[:24], np.abs(rng.normal(size=24)) * 5)).drifted
    True
    >>> watch.update(Errors(hours, np.abs(rng.normal(size=hours.size)) * 1.5)).drifted
    True
    """

    def __init__(
        self,
        scale: float,
        usual: float,
        spread: float,
        worst: float,
        days: int,
        per_day: int,
        detector: EDetector,
    ) -> None:
        self.scale = scale
        self.usual = usual
        self.spread = spread
        self.worst = worst
        self.days = days
        self.per_day = per_day
        self.detector = detector

    @classmethod
    def fit(cls, errors: Errors) -> Self:
        """Learn what is usual from the errors of a hold-out.

        Raises
        ------
        DriftDataError
            There are fewer than five days of them.
        """
        days = _days(errors)
        if len(days) < LEAST_DAYS or errors.sizes.size < LEAST_ERRORS:
            raise DriftDataError(
                f"{len(days)} days of errors are too few to know what is usual: {LEAST_DAYS} are"
                " needed."
            )
        scale = float(np.quantile(errors.sizes, CAPPED_AT)) or float(errors.sizes.max()) or 1.0
        means = np.array([float(np.minimum(day / scale, 1.0).mean()) for day in days])
        usual, spread = max(float(means.mean()), 1e-6), max(float(means.std(ddof=1)), 1e-6)
        per_day = max(1, round(DAY_MS / step_of(errors.times)))
        bound = usual + SURE * spread * math.sqrt(_growth(means) / len(means))
        detector = EDetector(min(bound, 0.99), RUN_LENGTH_DAYS, scale, per_day)
        return cls(scale, usual, spread, float(means.max()), len(means), per_day, detector)

    def update(self, errors: Errors) -> ConceptResult:
        """Take later errors in the order of their times; an alarm stays until it is over.

        It is over when the mean loss of late is back below the bound of what is usual.
        """
        found = self.detector.update(errors.sizes)
        if found.drifted and found.recent <= found.baseline:
            self.detector.reset()
            found = self.detector.update([])
        return found

    def window(self, errors: Errors) -> WindowErrors | None:
        """Judge the errors of a window; None where they are fewer than 10 and less than a day's."""
        count = errors.sizes.size
        if count < min(LEAST_ERRORS, self.per_day) or not count:
            return None
        mean = float(np.minimum(errors.sizes / self.scale, 1.0).mean())
        shorter = math.sqrt(max(1.0, self.per_day / count))
        far = self.usual + FAR * (1 + LEAST_DAYS / self.days) * self.spread * shorter
        limits = (far, self.worst, FLOOR * self.usual)
        return WindowErrors(mean / min(max(limits), NEARLY_ALL), mean / self.usual)

    def to_dict(self) -> dict[str, Any]:
        """Return what is usual and the state, JSON-safe."""
        return {
            "scale": self.scale,
            "usual": self.usual,
            "spread": self.spread,
            "worst": self.worst,
            "days": self.days,
            "per_day": self.per_day,
            "detector": self.detector.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` described.

        Raises
        ------
        DriftFormatError
            It is something else.
        """
        try:
            return cls(
                float(data["scale"]),
                float(data["usual"]),
                float(data["spread"]),
                float(data["worst"]),
                int(data["days"]),
                int(data["per_day"]),
                EDetector.from_dict(data["detector"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DriftFormatError("The stored watch is damaged: train the model anew.") from error


def _days(errors: Errors) -> list[Values]:
    """Return the errors by day, without days that are hardly read."""
    number: NDArray[np.int64] = errors.times // DAY_MS
    _, first, counts = np.unique(number, return_index=True, return_counts=True)
    enough = counts >= 0.5 * np.median(counts) if counts.size else counts > 0
    return [errors.sizes[f : f + c] for f, c in zip(first[enough], counts[enough], strict=True)]


def _growth(means: Values) -> float:
    """Return by how much neighbours that are alike raise the variance of the mean."""
    centred = means - means.mean()
    squares = float(centred @ centred)
    if not squares:
        return 1.0
    alike = float(centred[1:] @ centred[:-1]) / squares
    alike = min(max(alike, 0.0), 0.9)
    return (1 + alike) / (1 - alike)
