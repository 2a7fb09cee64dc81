"""Whether a split test got the traffic it asked for."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelwright.engine.abtest.errors import ABTestError

PRIOR_ROWS = 200.0
ALPHA = 0.001


@dataclass(frozen=True)
class RatioResult:
    """How the traffic was split.

    Parameters
    ----------
    count_a, count_b : int
        Rows, or keys where keys are sticky.
    expected : float
        The challenger's share as it was asked for.
    observed : float or None
        As it was; None without rows.
    p_value : float
        Always-valid.
    mismatch : bool
        Whether it is refuted that the split was as asked for: the test can't be trusted then.
    """

    count_a: int
    count_b: int
    expected: float
    observed: float | None
    p_value: float
    mismatch: bool


class SampleRatio:
    """Watches the split as an e-process, so it may be looked at after every row.

    Count what was dealt independently: rows where each is dealt anew, keys where keys are sticky.

    Parameters
    ----------
    split : float
        The challenger's share, above 0 and below 1.
    alpha : float
        Probability of a false alarm.

    References
    ----------
    Lindon, Malek (2022), Anytime-valid inference for multinomial count data, NeurIPS 35
    (arXiv 2011.03567).

    Examples
    --------
    >>> ratio = SampleRatio(0.5)
    >>> ratio.add(5_000, 5_050)
    >>> ratio.result().mismatch
    False
    >>> ratio.add(0, 400)
    >>> ratio.result().mismatch
    True
    """

    def __init__(self, split: float, alpha: float = ALPHA) -> None:
        if not 0 < split < 1:
            raise ABTestError(f"split must be above 0 and below 1, not {split}.")
        self.split = split
        self.alpha = alpha
        self.counts = [0, 0]
        self.least_p = 1.0

    def add(self, count_a: int, count_b: int) -> None:
        """Take further rows of champion and challenger."""
        if count_a < 0 or count_b < 0:
            raise ABTestError("Counts of rows can't be negative.")
        self.counts = [self.counts[0] + count_a, self.counts[1] + count_b]
        self.least_p = min(self.least_p, math.exp(-max(self.log_evidence(), 0.0)))

    def log_evidence(self) -> float:
        """Return the logarithm of the e-value against the split."""
        first, second = self.counts
        a, b = PRIOR_ROWS * (1 - self.split), PRIOR_ROWS * self.split
        given = first * math.log1p(-self.split) + second * math.log(self.split)
        return _log_beta(a + first, b + second) - _log_beta(a, b) - given

    def result(self) -> RatioResult:
        """Return how the traffic was split so far."""
        first, second = self.counts
        rows = first + second
        return RatioResult(
            count_a=first,
            count_b=second,
            expected=self.split,
            observed=second / rows if rows else None,
            p_value=self.least_p,
            mismatch=self.least_p <= self.alpha,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain data that JSON can hold."""
        return {
            "split": self.split,
            "alpha": self.alpha,
            "counts": list(self.counts),
            "least_p": self.least_p,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SampleRatio":
        """Make one of what `to_dict` gave."""
        ratio = cls(data["split"], data["alpha"])
        ratio.counts = [int(count) for count in data["counts"]]
        ratio.least_p = float(data["least_p"])
        return ratio


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
