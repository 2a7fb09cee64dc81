"""Whether a machine model's errors lean to one side more than they did on its hold-out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from modelwright.engine.drift.hindcast import NORMAL_50, NORMAL_95
from modelwright.engine.machines.model_errors import Errors, days_of
from modelwright.engine.machines.series import Values

CAPPED_AT = 0.95
"""Quantile of the hold-out's relative errors from which on one counts no more than another."""
LEAST_SHARE = 0.3
"""Of the mean of what is expected: an hour counts by what is expected in it, at least by this."""
LEAST_DAYS = 20
LONGEST = 4
"""Windows are compared with stretches of at most one in so many of the hold-out's days."""
FAR = 3.0
"""Standard deviations of ordinary stretches that a window must be away."""
FLOOR = 0.03
"""Least mean relative error that matters."""


@dataclass(frozen=True)
class Leaning:
    """What the errors of one window lean to.

    Parameters
    ----------
    score : float
        1 or more where they lean farther than ordinary ones: far, beyond all of the hold-out's
        stretches on that side, and by enough to matter.
    share : float
        Weighted median of the errors over what was expected: 0.1 is a tenth more than expected.
    """

    score: float
    share: float

    @property
    def leans(self) -> bool:
        """Whether they do."""
        return self.score >= 1.0


@dataclass(frozen=True, eq=False)
class Lean:
    """How a model's errors leaned on the days of its hold-out.

    A change that moves every reading a little, such as a tenth more energy for the same work, makes
    absolute errors hardly larger, but all of one sign. An error is taken relative to what was
    expected and ends at the hold-out's 95 % quantile (6 % at least), so that a single broken
    reading decides nothing; a reading counts by what was expected of it, so that a machine that
    stands still half of the time is judged by its work. The mean of a window is compared with those
    of all equally long stretches of the hold-out, each side for itself.

    Parameters
    ----------
    level : float
        Mean of the absolute expected values.
    scale : float
        What relative errors are divided by.
    days : ndarray of float64, shape (days,)
        Weighted means of the hold-out's days, -1 to 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> hours = np.arange(24 * 60) * 3_600_000
    >>> expected = np.full(hours.size, 50.0)
    >>> lean = Lean.fit(Errors(hours, rng.normal(0, 4, hours.size), expected))
    >>> shifted = Errors(hours[:72], rng.normal(5, 4, 72), expected[:72])
    >>> found = lean.judge(shifted, 3.0)
    >>> found.score > 1, round(found.share, 1)
    (True, 0.1)
    """

    level: float
    scale: float
    days: Values

    @classmethod
    def fit(cls, errors: Errors) -> Self | None:
        """Learn from the errors of a hold-out.

        None where it has fewer than 20 days, or nothing is expected on any of them.
        """
        days = days_of(errors)
        level = float(np.mean(np.abs(errors.expected))) if len(days) >= LEAST_DAYS else 0.0
        if not level:
            return None
        relative, weights = _relative(errors, level)
        scale = max(_quantile(np.abs(relative), weights, CAPPED_AT), 2 * FLOOR)
        return cls(level, scale, np.array([_mean(*_relative(day, level), scale) for day in days]))

    def judge(self, errors: Errors, length: float) -> Leaning:
        """Judge the errors of a window.

        Parameters
        ----------
        errors : Errors
            At least one.
        length : float
            How many days' readings they are.
        """
        relative, weights = _relative(errors, self.level)
        mean = _mean(relative, weights, self.scale)
        run = max(1, min(round(length), len(self.days) // LONGEST))
        stretches = np.convolve(self.days, np.full(run, 1 / run), "valid")
        side = np.sort(np.abs(stretches[(stretches > 0) == (mean > 0)]))
        middle = float(np.median(np.abs(stretches))) / NORMAL_50
        tail = float(side[int(0.95 * (side.size - 1))]) / NORMAL_95 if side.size else 0.0
        shorter = max(1.0, run / length) ** 0.5
        worst = float(side[-1]) if side.size else 0.0
        limit = max(FAR * max(middle, tail) * shorter, worst * shorter, FLOOR / self.scale)
        counted = np.abs(errors.expected)
        share = (_quantile(relative, counted, 0.5) - _quantile(-relative, counted, 0.5)) / 2
        if share * mean <= 0:  # a few large ones against many small ones
            share = mean * self.scale
        return Leaning(abs(mean) / limit, share)

    def to_dict(self) -> dict[str, Any]:
        """Return it, JSON-safe."""
        return {
            "level": self.level,
            "scale": self.scale,
            "days": np.round(self.days, 5).tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` described; KeyError, TypeError or ValueError where it isn't."""
        days = np.asarray(data["days"], dtype=np.float64)
        if days.ndim != 1 or not days.size:
            raise ValueError("days")
        return cls(float(data["level"]), float(data["scale"]), days)


def _relative(errors: Errors, level: float) -> tuple[Values, Values]:
    """Return errors relative to what was expected, and by how much each counts."""
    weights = np.maximum(np.abs(errors.expected), LEAST_SHARE * level)
    return errors.signed / weights, weights


def _mean(relative: Values, weights: Values, scale: float) -> float:
    return float(np.average(np.clip(relative / scale, -1.0, 1.0), weights=weights))


def _quantile(values: Values, weights: Values, share: float) -> float:
    """Return the least value up to which so much of the weight lies."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, share * reached[-1]))
    return float(values[order[min(place, len(values) - 1)]])
