"""How far sums of a baseline's errors are from 0 by chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from modelwright.engine.machines.candidates.squares import alikeness
from modelwright.engine.machines.gathering import Bins
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import HOUR_MS, Times, Values
from modelwright.engine.machines.student import t_quantile

WEEK_MS = 7 * DAY_MS
LEAST_BLOCKS = 8


@dataclass(frozen=True)
class BlockErrors:
    """Errors on readings that the fit hadn't seen, as means of blocks (weeks) of time.

    Weeks hold what single readings share: an hour that is off is mostly followed by another.

    Parameters
    ----------
    block_hours : float
        Length of a block.
    blocks : float
        How many there were.
    spread : float
        Standard deviation of their mean errors, per hour, neighbours being alike taken in.
    """

    block_hours: float
    blocks: float
    spread: float

    @classmethod
    def of(cls, times: Times, hours: Values, errors: Values, unit_hours: float) -> Self:
        """Return the block errors.

        Parameters
        ----------
        times : ndarray of int64, shape (n,)
        hours : ndarray of float64, shape (n,)
            How long each row lasts.
        errors : ndarray of float64, shape (n,)
            Actual less predicted rate, per `unit_hours`.
        unit_hours : float
        """
        span = int(times[-1] - times[0]) + int(hours[-1] * HOUR_MS)
        block = max(min(WEEK_MS, span // LEAST_BLOCKS), int(hours.max() * HOUR_MS))
        bins = Bins.of((times - times[0]) // block)
        means = bins.mean(errors, hours) / unit_hours
        lengths = bins.total(hours)
        whole = lengths >= lengths.max() / 2
        means = means[whole]
        spread = float(means.std(ddof=1)) if means.size > 1 else float(np.abs(means).max())
        return cls(block / HOUR_MS, float(max(means.size, 2)), spread * alikeness(means))

    def of_sum(self, hours: Values, confidence: float) -> Values:
        """Return how far the sum of errors over `hours` may be from 0.

        Both parts count: chance in the period itself, and that the baseline, learned from so many
        blocks, is off as a whole.

        Parameters
        ----------
        hours : ndarray of float64, shape (n,)
        confidence : float
            Probability that it is nearer to 0.
        """
        reach = t_quantile(confidence, self.blocks - 1)
        count = np.maximum(hours / self.block_hours, np.finfo(float).tiny)
        width: Values = reach * self.spread * hours * np.sqrt(1 / count + 1 / self.blocks)
        return width

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return dict(self.__dict__)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        return cls(**data)
