"""Watching a machine model's errors: whether they have grown, or lean to one side, since its
hold-out.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from modelwright.engine.drift import ConceptResult, DriftDataError, DriftFormatError, EDetector
from modelwright.engine.machines.cadence import step_of
from modelwright.engine.machines.leaning import Lean, Leaning
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.model_errors import Errors, days_of
from modelwright.engine.machines.series import Values

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


class ErrorWatch:
    """Compares a model's errors with those of its hold-out, in three ways.

    An error is divided by the hold-out's 95 % quantile and ends at 1 (the *loss*), so that a single
    broken reading decides nothing.

    * *Sequential*: an e-detector on the means of days, with at least 5,000 days between two false
      alarms on average, for a mean loss that isn't above its 99 % bound. It finds small growth that
      lasts.
    * *A window* against the ordinary days of the hold-out: finds large growth within a day.
    * *The signs* of some days (`leaning`): finds what moves every reading a little.

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
    lean : Lean, optional
        Not there where the hold-out was shorter than 20 days.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> def drawn(days, size):
    ...     hours = np.arange(24 * days)
    ...     return Errors(hours * 3_600_000, rng.normal(0, size, hours.size), 50.0 + 0 * hours)
    >>> watch = ErrorWatch.fit(drawn(60, 1.0))
    >>> watch.window(drawn(1, 1.0)).drifted, watch.window(drawn(1, 5.0)).drifted
    (False, True)
    >>> watch.update(drawn(60, 1.5)).drifted
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
        lean: Lean | None = None,
    ) -> None:
        self.scale = scale
        self.usual = usual
        self.spread = spread
        self.worst = worst
        self.days = days
        self.per_day = per_day
        self.detector = detector
        self.lean = lean

    @classmethod
    def fit(cls, errors: Errors) -> Self:
        """Learn what is usual from the errors of a hold-out.

        Raises
        ------
        DriftDataError
            There are fewer than five days of them.
        """
        days = days_of(errors)
        if len(days) < LEAST_DAYS or errors.sizes.size < LEAST_ERRORS:
            raise DriftDataError(
                f"{len(days)} days of errors are too few to know what is usual: {LEAST_DAYS} are"
                " needed."
            )
        scale = float(np.quantile(errors.sizes, CAPPED_AT)) or float(errors.sizes.max()) or 1.0
        means = np.array([float(np.minimum(day.sizes / scale, 1.0).mean()) for day in days])
        usual, spread = max(float(means.mean()), 1e-6), max(float(means.std(ddof=1)), 1e-6)
        per_day = max(1, round(DAY_MS / step_of(errors.times)))
        bound = usual + SURE * spread * math.sqrt(_growth(means) / len(means))
        detector = EDetector(min(bound, 0.99), RUN_LENGTH_DAYS, scale, per_day)
        worst, lean = float(means.max()), Lean.fit(errors)
        return cls(scale, usual, spread, worst, len(means), per_day, detector, lean)

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

    def leaning(self, errors: Errors) -> Leaning | None:
        """Judge to which side the errors of some days lean.

        None where they are less than a day's, or the hold-out was too short to know what is usual.
        """
        count = errors.signed.size
        if self.lean is None or count < self.per_day:
            return None
        return self.lean.judge(errors, count / self.per_day)

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
            "lean": self.lean.to_dict() if self.lean else None,
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
                # a watch of before knew nothing of it
                Lean.from_dict(lean) if (lean := data.get("lean")) else None,
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DriftFormatError("The stored watch is damaged: train the model anew.") from error


def _growth(means: Values) -> float:
    """Return by how much neighbours that are alike raise the variance of the mean."""
    centred = means - means.mean()
    squares = float(centred @ centred)
    if not squares:
        return 1.0
    alike = float(centred[1:] @ centred[:-1]) / squares
    alike = min(max(alike, 0.0), 0.9)
    return (1 + alike) / (1 - alike)
