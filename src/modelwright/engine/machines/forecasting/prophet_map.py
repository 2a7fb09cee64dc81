"""Prophet's model: the most probable parameters, solved from cross products.

Taylor and Letham (2018), "Forecasting at scale". The model and its priors are those of the package
``prophet``: y / max|y| = k t + m + sum(delta[j] (t - s[j])+) + seasons + holidays + noise, with
k, m ~ N(0, 5), delta ~ Laplace(0, tau), coefficients ~ N(0, 10), sigma ~ N(0, 0.5). Given sigma
the rest is a quadratic with absolute values, which is solved exactly; given the rest sigma is the
root of a quadratic. Both in turns reach the mode that the package looks for with L-BFGS.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.forecasting.lasso import lasso
from modelwright.engine.machines.forecasting.moments import Moments
from modelwright.engine.machines.series import Values

TREND_PRECISION = 1 / 25
SIGMA_PRECISION = 4.0
ROUNDS = 30
CLOSE = 1e-6


@dataclass(frozen=True)
class Priors:
    """How strongly the parameters are drawn to 0.

    Parameters
    ----------
    changepoint, season, holiday : float
        Scales of the priors: larger is looser.
    """

    changepoint: float = 0.05
    season: float = 10.0
    holiday: float = 10.0


def most_probable(
    moments: Moments,
    precision: Values,
    bends: NDArray[np.int64],
    priors: Priors,
    start: tuple[Values, float] | None = None,
) -> tuple[Values, float]:
    """Return the most probable parameters and sigma.

    Parameters
    ----------
    moments : Moments
    precision : ndarray of float64, shape (p,)
        1 / variance of each parameter's normal prior; not looked at for `bends`.
    bends : ndarray of int64
        Which parameters are the changes of the trend.
    priors : Priors
    start : tuple, optional
        What is near the answer.
    """
    smooth = np.setdiff1d(np.arange(precision.size), bends)
    sigma = start[1] if start is not None else _first_sigma(moments, smooth, precision)
    found = start[0].copy() if start is not None else np.zeros(precision.size)
    for _ in range(ROUNDS):
        found = _given_sigma(moments, precision, smooth, bends, priors, sigma, found[bends])
        error = moments.square - 2 * float(found @ moments.right)
        error = max(error + float(found @ moments.gram @ found), 0.0)
        before, sigma = sigma, _best_sigma(error, moments.rows)
        if abs(sigma - before) <= CLOSE * sigma:
            break
    return found, sigma


def _given_sigma(
    moments: Moments,
    precision: Values,
    smooth: NDArray[np.int64],
    bends: NDArray[np.int64],
    priors: Priors,
    sigma: float,
    near: Values,
) -> Values:
    noise = sigma**2
    block = moments.gram[np.ix_(smooth, smooth)] + noise * np.diag(precision[smooth])
    cross = moments.gram[np.ix_(smooth, bends)]
    solved = np.linalg.solve(block, np.column_stack([moments.right[smooth], cross]))
    quadratic = moments.gram[np.ix_(bends, bends)] - cross.T @ solved[:, 1:]
    linear = moments.right[bends] - cross.T @ solved[:, 0]
    found = np.zeros(precision.size)
    if bends.size:
        found[bends] = lasso(
            (quadratic + quadratic.T) / 2, linear, noise / priors.changepoint, near
        )
    found[smooth] = solved[:, 0] - solved[:, 1:] @ found[bends]
    return found


def _first_sigma(moments: Moments, smooth: NDArray[np.int64], precision: Values) -> float:
    part = moments.only(smooth)
    found = np.linalg.solve(part.gram + np.diag(precision[smooth]), part.right)
    return _best_sigma(max(part.square - float(found @ part.right), 0.0), part.rows)


def _best_sigma(error: float, rows: int) -> float:
    """Return the sigma with the largest density for a sum of squared errors."""
    if rows == 0:
        return 1.0
    root = np.sqrt(rows**2 + 4 * SIGMA_PRECISION * error)
    return max(float(np.sqrt(2 * error / (rows + root))), 1e-8)
