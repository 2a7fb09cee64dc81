"""Whether a model errs more than it did on its hold-out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from modelwright.monitoring.models import MetricsRecord

MEASURES = ("rmse", "mae", "r_squared")
SIGNIFICANCE = 0.01
# Variance of the logarithm of a root mean square of n errors is (kurtosis - 1) / 4n; errors of
# machines have heavy tails (6, where normal ones have 3).
LOG_VARIANCE = 1.25


@dataclass(frozen=True)
class Degradation:
    """How present errors compare with those of the hold-out.

    Parameters
    ----------
    measure : str
        What both have: ``rmse``, else ``mae``, else ``r_squared`` (of which the share that isn't
        explained is an error too).
    ratio : float
        Present error over that of the hold-out.
    limit : float
        From here on it matters.
    score : float
        1 or more where it matters and is more than chance.
    """

    measure: str
    ratio: float
    limit: float
    score: float

    @property
    def is_degraded(self) -> bool:
        """Whether the model errs more than it should."""
        return self.score >= 1.0

    @property
    def is_over(self) -> bool:
        """Whether an earlier degradation is over: half way back is not enough to say so."""
        return self.ratio <= 1 + (self.limit - 1) / 2


def degradation(
    present: Mapping[str, float | None],
    count: int,
    baseline: MetricsRecord,
    *,
    limit: float,
) -> Degradation | None:
    """Compare present metrics with those of a hold-out.

    Parameters
    ----------
    present : mapping
        ``r_squared``, ``rmse``, ``mae``.
    count : int
        Errors that they were made of; 0: not known, then chance is not looked at.
    baseline : MetricsRecord
        Of the hold-out.
    limit : float
        Ratio of the errors from which on it matters.

    Returns
    -------
    Degradation or None
        None where the two have nothing in common.
    """
    for measure in MEASURES:
        now_, then = (
            _error(measure, present.get(measure)),
            _error(measure, getattr(baseline, measure)),
        )
        if now_ is None or not then:
            continue
        ratio = now_ / then
        return Degradation(measure, ratio, limit, _score(ratio, limit, count, baseline))
    return None


def _error(measure: str, value: float | None) -> float | None:
    if value is None or measure != "r_squared":
        return value
    return math.sqrt(max(1.0 - value, 0.0))


def _score(ratio: float, limit: float, count: int, baseline: MetricsRecord) -> float:
    """Return the weaker one of two keys: large enough, and more than chance."""
    if ratio <= 0:
        return 0.0
    size = math.log(ratio)
    keys = [size / math.log(limit)]
    if count and baseline.sample_count:
        spread = math.sqrt(LOG_VARIANCE * (1 / count + 1 / baseline.sample_count))
        keys.append(size / (NormalDist().inv_cdf(1 - SIGNIFICANCE) * spread))
    return max(0.0, min(keys))
