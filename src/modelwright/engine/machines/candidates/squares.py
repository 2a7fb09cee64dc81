"""Least squares with standard errors that know of neighbours being alike."""

from dataclasses import dataclass

import numpy as np

from modelwright.engine.machines.series import Values

MOST_ALIKE = 0.98
TINY = 1e-10


@dataclass(frozen=True)
class Squares:
    """A least-squares fit.

    Parameters
    ----------
    coefficients, standard_errors : ndarray of float64, shape (p,)
    residuals : ndarray of float64, shape (n,)
    """

    coefficients: Values
    standard_errors: Values
    residuals: Values


def least_squares(design: Values, target: Values) -> Squares:
    """Fit `target` by the columns of `design`.

    Standard errors are those of ordinary least squares times sqrt((1 + r) / (1 - r)), r being the
    correlation of neighbouring residuals: readings that are alike tell less than their number.

    Examples
    --------
    >>> fit = least_squares(np.array([[1.0, 0], [1, 1], [1, 2], [1, 3]]), np.array([1.0, 3, 5, 7]))
    >>> fit.coefficients.round(6).tolist()
    [1.0, 2.0]
    """
    scale = np.sqrt((design**2).mean(axis=0))
    scale[scale == 0] = 1.0
    scaled = design / scale
    found, *_ = np.linalg.lstsq(scaled, target, rcond=None)
    residuals = target - scaled @ found
    rows, columns = design.shape
    variance = float(residuals @ residuals) / max(rows - columns, 1)
    inverse = np.linalg.pinv(scaled.T @ scaled)
    errors = np.sqrt(np.maximum(np.diag(inverse), 0.0) * variance) * alikeness(residuals)
    return Squares(found / scale, errors / scale, residuals)


def alikeness(residuals: Values) -> float:
    """Return sqrt((1 + r) / (1 - r)) for the correlation r of neighbours, at least 1.

    Examples
    --------
    >>> alikeness(np.array([1.0, -1.0, 1.0, -1.0]))
    1.0
    """
    if residuals.size < 3:
        return 1.0
    centred = residuals - residuals.mean()
    squares = float(centred @ centred)
    if not squares > 0:
        return 1.0
    r = min(max(float(centred[1:] @ centred[:-1]) / squares, 0.0), MOST_ALIKE)
    return float(np.sqrt((1 + r) / (1 - r)))


def solve_many(gram: Values, right: Values) -> Values:
    """Solve many small normal equations at once; nearly singular ones get the smallest answer.

    Parameters
    ----------
    gram : ndarray, shape (…, p, p)
    right : ndarray, shape (…, p)
    """
    diagonal = np.einsum("...ii->...i", gram)
    lift = TINY * diagonal + np.finfo(float).tiny
    lifted = gram + lift[..., None] * np.eye(gram.shape[-1])
    answer: Values = np.linalg.solve(lifted, right[..., None])[..., 0]
    return answer
