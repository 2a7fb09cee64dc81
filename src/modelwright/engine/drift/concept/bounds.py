"""How large the mean of bounded losses may be, for all that a sample says."""

import math

from modelwright.engine.drift.concept.base import Floats
from modelwright.engine.drift.special import beta_quantile


def upper_bound(losses: Floats, confidence: float) -> float:
    """Return a value that the true mean exceeds with probability 1 - confidence at most.

    Parameters
    ----------
    losses : ndarray of float
        Between 0 and 1, independent (or means of blocks that are).
    confidence : float
        Such as 0.99.

    References
    ----------
    Clopper, Pearson (1934), Biometrika 26, for 0 and 1; Maurer, Pontil (2009), Empirical Bernstein
    bounds, COLT; Hoeffding (1963), J. Am. Stat. Assoc. 58, theorem 1. Of the latter two the smaller
    is taken, each at half of what is left to err.

    Examples
    --------
    >>> import numpy as np
    >>> round(upper_bound(np.array([0.0, 1.0] * 500), 0.99), 3)
    0.537
    """
    rows, mean = len(losses), float(losses.mean())
    if bool(((losses == 0) | (losses == 1)).all()):
        wrong = round(float(losses.sum()))
        return 1.0 if wrong == rows else beta_quantile(confidence, wrong + 1, rows - wrong)
    err = (1 - confidence) / 2
    log = math.log(2 / err)
    variance = float(losses.var(ddof=1))
    bernstein = mean + math.sqrt(2 * variance * log / rows) + 7 * log / (3 * (rows - 1))
    return min(bernstein, _chernoff(mean, math.log(1 / err) / rows), 1.0)


def _chernoff(mean: float, budget: float) -> float:
    """Return the largest rate whose relative entropy from `mean` is within the budget."""
    low, high = mean, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _entropy(mean, middle) > budget:
            high = middle
        else:
            low = middle
    return high


def _entropy(p: float, q: float) -> float:
    if q >= 1:
        return math.inf if p < 1 else 0.0
    first = p * math.log(p / q) if p > 0 else 0.0
    second = (1 - p) * math.log((1 - p) / (1 - q)) if p < 1 else 0.0
    return first + second


def independent_block(losses: Floats, longest: int) -> int:
    """Return how many losses in a row to average so that the averages don't depend on each other.

    Blocks grow until the correlation of neighbours isn't significant any more; whole days and weeks
    of hourly losses are among their lengths.

    Examples
    --------
    >>> import numpy as np
    >>> independent_block(np.random.default_rng(0).random(1000), 100)
    1
    """
    for block in (1, 2, 4, 8, 12, 24, 48, 96, 168, 336):
        if block > longest:
            break
        whole = len(losses) // block * block
        means = losses[:whole].reshape(-1, block).mean(axis=1)
        centred = means - means.mean()
        squares = float(centred @ centred)
        together = float(centred[1:] @ centred[:-1]) / squares if squares > 0 else 0.0
        if together < 1.645 / math.sqrt(len(means)):
            return block
    return max(1, longest)
