"""Blocks of time for cross-validation: readings next to each other are alike."""

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.candidates.frame import PERIOD
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import Times

FOLDS = 4
PERIOD_FOLDS = 6
SEASON_DAYS = 330
LEAST_WEEKS = 2 * FOLDS


def time_folds(times: Times, resolution: str) -> NDArray[np.int64]:
    """Return the fold of each row: whole weeks in turn.

    With less than eight weeks, whole days in turn, with less than eight days parts of them; months
    and the like are rows in turn. Every season and every kind of day is in each training part, none
    is mixed within a block.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
    resolution : str

    Examples
    --------
    >>> weeks = np.arange(8) * 7 * DAY_MS
    >>> time_folds(weeks, "day").tolist()
    [0, 1, 2, 3, 0, 1, 2, 3]
    """
    if resolution == PERIOD:
        return np.arange(times.size) % PERIOD_FOLDS
    span = int(times[-1] - times[0]) + 1
    days = -(-span // DAY_MS)
    if days > 7 * (LEAST_WEEKS - 1):
        block = 7 * DAY_MS
    elif days >= 2 * FOLDS:
        block = days // (2 * FOLDS) * DAY_MS
    else:
        block = -(-span // (2 * FOLDS))
    folds: NDArray[np.int64] = (times - times[0]) // block % FOLDS
    return folds
