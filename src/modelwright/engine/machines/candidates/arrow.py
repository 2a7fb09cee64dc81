"""Ridge regression whose columns are partly each hour's own.

A model with an own slope for every hour of the day has hundreds of columns, but its normal
equations are an arrow: blocks of one hour each, and one border of what the hours share. They are
solved block by block, in milliseconds for a year of hours.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.series import Values


class Arrow:
    """Cross products of a design with own and shared columns; they can be added and taken off.

    Parameters
    ----------
    own : ndarray of float64, shape (n, m)
        Columns that each group has a coefficient of its own for.
    shared : ndarray of float64, shape (n, s)
    target : ndarray of float64, shape (n,)
    group : ndarray of int, shape (n,)
        0 … `groups` - 1.
    groups : int
    """

    def __init__(
        self, own: Values, shared: Values, target: Values, group: NDArray[np.int64], groups: int
    ) -> None:
        m, s = own.shape[1], shared.shape[1]
        self.own = np.zeros((groups, m, m))
        self.cross = np.zeros((groups, m, s))
        self.own_right = np.zeros((groups, m))
        order = np.argsort(group, kind="stable")
        edges = np.searchsorted(group[order], np.arange(groups + 1))
        for k in range(groups):
            at = order[edges[k] : edges[k + 1]]
            mine = own[at]
            self.own[k] = mine.T @ mine
            self.cross[k] = mine.T @ shared[at]
            self.own_right[k] = mine.T @ target[at]
        self.shared = shared.T @ shared
        self.shared_right = shared.T @ target

    def plus(self, other: "Arrow", sign: float = 1.0) -> Self:
        """Return the sum (`sign` -1: the difference) of both."""
        total = object.__new__(type(self))
        for name in ("own", "cross", "own_right", "shared", "shared_right"):
            setattr(total, name, getattr(self, name) + sign * getattr(other, name))
        return total

    def solve(self, own_penalty: Values, shared_penalty: Values) -> tuple[Values, Values]:
        """Return the coefficients: own, shape (groups, m), and shared, shape (s,).

        Parameters
        ----------
        own_penalty, shared_penalty : ndarray of float64, shapes (m,) and (s,)
            More than 0: what is added to the diagonal.
        """
        blocks = self.own + np.diag(own_penalty)
        right = np.concatenate([self.cross, self.own_right[:, :, None]], axis=2)
        inner = np.linalg.solve(blocks, right)
        folded = np.einsum("kms,kmt->st", self.cross, inner)
        border = self.shared + np.diag(shared_penalty) - folded[:, :-1]
        shared = np.linalg.solve(border, self.shared_right - folded[:, -1])
        own: Values = inner[:, :, -1] - inner[:, :, :-1] @ shared
        return own, shared

    def freedom(self, own_penalty: Values, shared_penalty: Values) -> float:
        """Return the effective degrees of freedom, the shared columns counted in full."""
        blocks = self.own + np.diag(own_penalty)
        used = np.einsum("kij,kji->", np.linalg.inv(blocks), self.own)
        return float(used) + int((shared_penalty < self.shared.diagonal()).sum())


def arrow_predict(
    own: Values, shared: Values, group: NDArray[np.int64], coefficients: tuple[Values, Values]
) -> Values:
    """Return the prediction of each row.

    Examples
    --------
    >>> one = np.ones((2, 1))
    >>> arrow_predict(one, one, np.array([0, 1]), (np.array([[1.0], [2.0]]), np.array([10.0])))
    array([11., 12.])
    """
    predicted: Values = (own * coefficients[0][group]).sum(axis=1) + shared @ coefficients[1]
    return predicted
