"""Evidence that may be looked at any time: a mixture of likelihood ratios of a Brownian motion."""

import math
from dataclasses import dataclass

import numpy as np

from modelwright.engine.abtest.blocks import Floats

POWER_SHIFT = 3.15
RELATIVE_WIDTH = 0.25
DEFAULT_ROWS = 1000
STEPS = 12
ROOT_HALF = math.sqrt(0.5)


@dataclass(frozen=True)
class NormalMixture:
    """Effects that the evidence is gathered for: normal around plus and minus the planned one.

    With ``centre`` 0 it is Robbins' normal mixture, the boundary of the asymptotic confidence
    sequence. A planned effect gathers evidence some 10 to 15 % sooner, and later where the effect
    is far smaller than planned.

    Parameters
    ----------
    centre : float
        Planned effect of one row, in standard deviations.
    width : float
        Standard deviation of the effects around it.

    References
    ----------
    Robbins (1970), Statistical methods related to the law of the iterated logarithm, Ann. Math.
    Statist. 41; Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Time-uniform central limit
    theory and asymptotic confidence sequences, Ann. Statist. 52 (arXiv 2103.06476).

    Examples
    --------
    >>> mixture = NormalMixture.for_rows(1000, alpha=0.05)
    >>> mixture.boundary(np.array([100.0, 1000.0]), alpha=0.05).round(2).tolist()
    [3.86, 3.04]
    """

    centre: float
    width: float

    @classmethod
    def for_rows(cls, rows: float, alpha: float) -> "NormalMixture":
        """Return Robbins' mixture, its boundary lowest near so many rows."""
        level = -2 * math.log(alpha)
        return cls(0.0, math.sqrt((level + math.log(level + 1)) / rows))

    @classmethod
    def for_plan(cls, rows: float) -> "NormalMixture":
        """Return the mixture for a test of which a fixed sample would need so many rows."""
        centre = POWER_SHIFT / math.sqrt(rows)
        return cls(centre, centre * RELATIVE_WIDTH)

    def log_evidence(self, score: Floats, rows: Floats) -> Floats:
        """Return the logarithm of the e-value against no effect, either way.

        Parameters
        ----------
        score : ndarray
            Sum over its standard deviation.
        rows : ndarray
            How many rows the sum is of.
        """
        total = score * np.sqrt(rows)
        spread = 1 + rows * self.width**2
        leaning = np.abs(self.centre * total / spread)
        cosh = leaning + np.log1p(np.exp(-2 * leaning)) - math.log(2)
        return np.asarray(self._square(total, rows, spread) + cosh)

    def log_evidence_above(self, score: Floats, rows: Floats) -> Floats:
        """Return the logarithm of the e-value against no effect or a negative one.

        The mixture is of positive effects alone, so it is evidence against all of the null.
        """
        total = score * np.sqrt(rows)
        spread = 1 + rows * self.width**2
        leaning = self.centre * total / spread
        inside = (self.centre + self.width**2 * total) / (self.width * np.sqrt(spread))
        whole = log_normal_cdf(np.array(self.centre / self.width))
        return np.asarray(
            self._square(total, rows, spread) + leaning + log_normal_cdf(inside) - whole
        )

    def boundary(self, rows: Floats, alpha: float) -> Floats:
        """Return the score at which the evidence against no effect reaches 1 / alpha."""
        spread = 1 + rows * self.width**2
        wanted = -math.log(alpha)
        # Of the two modes one alone: a quadratic, and a little above the root of both.
        need = 2 * spread * (wanted + math.log(2) + 0.5 * np.log(spread)) + rows * self.centre**2
        root = np.sqrt(self.centre**2 + self.width**2 * need)
        score = (root - self.centre) / self.width**2 / np.sqrt(rows)
        # The logarithm of the evidence is convex in the score: Newton comes down to the root.
        for _ in range(STEPS):
            total = score * np.sqrt(rows)
            bend = self.centre * np.tanh(self.centre * total / spread)
            slope = (self.width**2 * total + bend) / spread * np.sqrt(rows)
            score = score - (self.log_evidence(score, rows) - wanted) / slope
        return np.asarray(score)

    def _square(self, total: Floats, rows: Floats, spread: Floats) -> Floats:
        square = (self.width * total) ** 2 - rows * self.centre**2
        return square / (2 * spread) - 0.5 * np.log(spread)


def log_normal_cdf(x: Floats) -> Floats:
    """Return the logarithm of the normal distribution function, right far below 0 too.

    Examples
    --------
    >>> log_normal_cdf(np.array([0.0, -2.0, -40.0])).round(4).tolist()
    [-0.6931, -3.7832, -804.6084]
    """
    low = np.minimum(x, -8.0)
    tail = -0.5 * low**2 - np.log(-low * math.sqrt(2 * math.pi)) + np.log1p(-1 / low**2)
    usual = np.array([math.erfc(-v * ROOT_HALF) / 2 for v in np.maximum(x, -8.0).ravel()])
    return np.asarray(np.where(x < -8.0, tail, np.log(usual.reshape(np.shape(x)))))
