"""Evidence on bounded differences by betting: exact, also where every row says the same."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from modelwright.engine.abtest.blocks import Floats

STAKES = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9])
"""Shares of the largest stake that can't lose all."""


class Bets:
    """Bets that a mean is above a limit, at several stakes at once.

    While the mean of each row, given those before, is at most the limit, the wealth is a
    nonnegative supermartingale: it ever reaches 1 / alpha with probability alpha at most (Ville).

    Parameters
    ----------
    limit : float
        What the mean is held to be at most.
    least : float
        No row is below it; it is below the limit.

    References
    ----------
    Waudby-Smith, Ramdas (2024), Estimating means of bounded random variables by betting, J. R.
    Statist. Soc. B 86 (arXiv 2010.09686).

    Examples
    --------
    >>> bets = Bets(limit=0.01, least=-1.0)
    >>> bets.add(np.ones(10))
    >>> bets.log_evidence > math.log(20)
    True
    """

    def __init__(self, limit: float, least: float) -> None:
        self.limit = limit
        self.least = least
        self.logs: Floats = np.zeros(len(STAKES))

    def add(self, differences: Floats) -> None:
        """Take further rows, shape (n_rows,), none below `least`."""
        stakes = STAKES / (self.limit - self.least)
        self.logs = self.logs + np.log1p(np.outer(stakes, differences - self.limit)).sum(axis=1)

    @property
    def log_evidence(self) -> float:
        """Return the logarithm of the mean wealth."""
        most = float(self.logs.max())
        return most + math.log(float(np.exp(self.logs - most).mean()))

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain data that JSON can hold."""
        return {"limit": self.limit, "least": self.least, "logs": self.logs.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Bets":
        """Make one of what `to_dict` gave."""
        bets = cls(data["limit"], data["least"])
        bets.logs = np.array(data["logs"], dtype=float)
        return bets
