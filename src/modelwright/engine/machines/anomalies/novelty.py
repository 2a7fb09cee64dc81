"""How far a value is from the nearest one that was read before."""

import numpy as np

from modelwright.engine.machines.series import Values

MOST_VALUES = 8192


def left_distances(values: Values, library: Values) -> Values:
    """Return the distance of each value to the nearest of the library and of those before it.

    The left nearest neighbour, at length one: a value is ordinary once something like it was there.
    Values are linked in sorted order and taken out again, the last first; at that moment the
    neighbours of each are those of its past. O(n log n).

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN where nothing was read.
    library : ndarray of float64, shape (m,)
        Values known from before, none of them NaN.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN where there is no value, or none before it.

    Examples
    --------
    >>> left_distances(np.array([5.0, 1.0, 5.5, 1.0]), np.array([2.0]))
    array([3. , 1. , 0.5, 0. ])
    """
    known = np.flatnonzero(np.isfinite(values))
    found = np.full(values.size, np.nan)
    if not known.size:
        return found
    pool = np.concatenate([library, values[known]])
    order = np.argsort(pool, kind="stable")
    size = pool.size
    # One more place on either side, infinitely far away.
    line = np.concatenate([[-np.inf], pool[order], [np.inf]]).tolist()
    before, after = list(range(-1, size + 1)), list(range(1, size + 3))
    places = np.empty(size, dtype=np.int64)
    places[order] = np.arange(1, size + 1)
    distances = []
    for place in reversed(places[library.size :].tolist()):
        low, high = before[place], after[place]
        here = line[place]
        distances.append(min(here - line[low], line[high] - here))
        after[low], before[high] = high, low
    nearest = np.array(distances[::-1])
    found[known] = np.where(np.isfinite(nearest), nearest, np.nan)
    return found


def thinned(values: Values, most: int = MOST_VALUES) -> Values:
    """Return distinct values in rising order, the extremes and evenly spread ranks if too many.

    Examples
    --------
    >>> thinned(np.array([3.0, 1.0, np.nan, 3.0, 2.0]), most=2)
    array([1., 3.])
    """
    distinct = np.unique(values[np.isfinite(values)])
    if distinct.size <= most:
        return distinct
    return np.asarray(distinct[np.linspace(0, distinct.size - 1, most).round().astype(int)])
