"""Cross products of columns with each other and a target: all that least squares needs of rows."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.series import Values


@dataclass(frozen=True)
class Moments:
    """Cross products of the design with itself and the target; they add up over rows.

    Parameters
    ----------
    gram : ndarray of float64, shape (p, p)
    right : ndarray of float64, shape (p,)
    square : float
        Sum of squares of the target.
    rows : int
    """

    gram: Values
    right: Values
    square: float
    rows: int

    @classmethod
    def of(cls, design: Values, target: Values) -> Self:
        """Return the cross products of some rows."""
        return cls(design.T @ design, design.T @ target, float(target @ target), int(target.size))

    def plus(self, other: Self) -> Self:
        """Return the sum of both."""
        return type(self)(
            self.gram + other.gram,
            self.right + other.right,
            self.square + other.square,
            self.rows + other.rows,
        )

    def wider(self, columns: int, at: int) -> Self:
        """Return it with `columns` columns of zeros put in at `at`."""
        places = np.full(columns, at)
        gram = np.insert(np.insert(self.gram, places, 0.0, axis=0), places, 0.0, axis=1)
        return replace(self, gram=gram, right=np.insert(self.right, places, 0.0))

    def only(self, which: NDArray[np.int64]) -> Self:
        """Return the cross products of some columns."""
        return replace(self, gram=self.gram[np.ix_(which, which)], right=self.right[which])
