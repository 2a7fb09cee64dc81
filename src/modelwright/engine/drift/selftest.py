"""Whether the rows of a reference are independent draws from one distribution, in their order."""

import math

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.category import CategoryColumn
from modelwright.engine.drift.columns import MISSING, Column, Floats, Ints
from modelwright.engine.drift.special import chi2_tail, normal_tail

LEAST_ROWS = 100
MOST_ROWS = 150_000
LEVEL = 1e-4
"""Of each of the tests; a wrong yes costs power, a wrong no false alarms."""
WINDOWS = 30
GROUPS = 10


def dependent(column: Column, cells: Ints) -> bool:
    """Return whether rows in their order differ more, or less, than independent ones would.

    Every window of the reference is compared with the rest, by the ranks of its values, by how far
    they lie from the middle, and by how many are missing (Kruskal and Wallis); and every row with
    the next one. Without that all tests that take rows as independent are wrong.

    Parameters
    ----------
    column : Column
        Of the profile.
    cells : ndarray of int
        Cell of each row, in the order of their times.

    References
    ----------
    Kruskal, Wallis (1952), J. Am. Stat. Assoc. 47; Bartels (1982), The rank version of von
    Neumann's ratio test for randomness, J. Am. Stat. Assoc. 77.

    Examples
    --------
    >>> from modelwright.engine.drift.numeric import NumericColumn
    >>> values = np.random.default_rng(0).normal(size=1000)
    >>> column = NumericColumn.fit("x", values)
    >>> dependent(column, column.cells(values)), dependent(column, column.cells(np.sort(values)))
    (False, True)
    """
    if len(cells) < LEAST_ROWS:
        return False
    cells = _some(cells)
    missing = cells >= column.size + MISSING
    if _differs(missing.astype(np.float64)):
        return True
    there = cells[~missing]
    if len(there) < LEAST_ROWS:
        return False
    return any(_differs(score.take(there)) for score in _scores(column))


def _some(cells: Ints) -> Ints:
    """Return the begin of every window where there are more rows than the tests need."""
    if len(cells) <= MOST_ROWS:
        return cells
    starts = np.linspace(0, len(cells), WINDOWS, endpoint=False).astype(np.int64)
    return np.concatenate([cells[start : start + MOST_ROWS // WINDOWS] for start in starts])


def _scores(column: Column) -> list[Floats]:
    """Return numbers by cell whose means tell windows apart."""
    rows = column.reference[:MISSING]
    if isinstance(column, CategoryColumn):
        most = np.argsort(-rows, kind="stable")[:GROUPS]
        return [(np.arange(len(rows)) == cell).astype(np.float64) for cell in most if rows[cell]]
    rank = (np.cumsum(rows) - rows / 2) / max(1, int(rows.sum())) - 0.5
    return [rank, np.abs(rank)]


def _differs(values: Floats) -> bool:
    centred: NDArray[np.float64] = values - values.mean()
    squares = float(centred @ centred)
    if squares <= 0:
        return False
    rows = len(values)
    neighbours = float(centred[1:] @ centred[:-1]) / squares * math.sqrt(rows)
    if 2 * normal_tail(abs(neighbours)) < LEVEL:
        return True
    windows = max(2, min(WINDOWS, rows // 30))
    starts = np.linspace(0, rows, windows, endpoint=False).astype(np.int64)
    sizes = np.diff(starts, append=rows)
    sums = np.add.reduceat(centred, starts)
    statistic = (rows - 1) / squares * float((sums**2 / sizes).sum())
    return chi2_tail(statistic, windows - 1) < LEVEL
