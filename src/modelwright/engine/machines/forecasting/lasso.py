"""Exact minimisers of a quadratic with absolute values."""

import numpy as np

from modelwright.engine.machines.series import Values

ROUNDS = 500
SLACK = 1e-9
LIFT = 1e-12


def lasso(quadratic: Values, linear: Values, penalty: float, start: Values | None = None) -> Values:
    """Return the x that minimises ``x'Qx / 2 - q'x + penalty * sum(|x|)``.

    Feature-sign search: guess which entries aren't 0 and their signs, solve for them exactly, go
    towards that as far as no sign turns for the worse, and let the entry in that the condition of
    optimality is violated most by. Lee, Battle, Raina and Ng (2007), "Efficient sparse coding
    algorithms".

    Parameters
    ----------
    quadratic : ndarray of float64, shape (p, p)
        Positive semi-definite.
    linear : ndarray of float64, shape (p,)
    penalty : float
        More than 0.
    start : ndarray of float64, shape (p,), optional
        What is near the answer.

    Examples
    --------
    >>> lasso(np.eye(3), np.array([3.0, 0.5, -2.0]), 1.0)
    array([ 2.,  0., -1.])
    """
    x = np.zeros(linear.size) if start is None else start.copy()
    slack = penalty * SLACK + SLACK * float(np.abs(linear).max(initial=0.0))
    for _ in range(ROUNDS):
        slope = quadratic @ x - linear
        active = x != 0
        unsettled = active & (np.abs(slope + penalty * np.sign(x)) > slack)
        sign = np.sign(x)
        if not unsettled.any():
            outside = np.where(active, 0.0, np.abs(slope) - penalty)
            at = int(outside.argmax()) if outside.size else 0
            if not outside.size or outside[at] <= slack:
                return x
            sign[at] = -np.sign(slope[at])
        x = _step(quadratic, linear, penalty, x, sign)
    return x


def _step(quadratic: Values, linear: Values, penalty: float, x: Values, sign: Values) -> Values:
    """Return the best point between `x` and the solution for the guessed signs."""
    which = np.flatnonzero(sign)
    part = quadratic[np.ix_(which, which)]
    lifted = part + LIFT * np.trace(part) / which.size * np.eye(which.size)
    goal = np.linalg.solve(lifted, linear[which] - penalty * sign[which])
    here = x[which]
    with np.errstate(divide="ignore", invalid="ignore"):
        turns = here / (here - goal)
    shares = np.append(turns[(turns > 0) & (turns < 1)], 1.0)
    points = here + shares[:, None] * (goal - here)
    points[np.abs(points) < 1e-15 * np.abs(points).max(initial=0.0)] = 0.0
    crossed = (shares[:, None] == turns) | (np.abs(points) == 0)
    points[crossed] = 0.0
    values = 0.5 * np.einsum("ij,jk,ik->i", points, part, points)
    values += penalty * np.abs(points).sum(axis=1) - points @ linear[which]
    found = np.zeros(x.size)
    found[which] = points[int(values.argmin())]
    return found
