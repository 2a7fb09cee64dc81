"""Which length of block is long enough for the block means not to depend on each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.abtest.blocks import Blocks, Floats, Levels

Flags = NDArray[np.bool_]

SIGNIFICANT = 2.25
REFUSED = 1.64
MANY_BLOCKS = 100
SUSPICIOUS = 2.5
MIN_EFFECTIVE = 20.0
SMALLEST = 1e-300
MOST = 0.9


@dataclass(frozen=True)
class Summary:
    """The differences as seen through blocks of the chosen length; one entry for each run.

    Parameters
    ----------
    count, length : ndarray, shape (n_runs,)
        Blocks, and rows in each.
    mean : ndarray, shape (n_runs,)
        Of the block means.
    error : ndarray, shape (n_runs,)
        Standard error of the mean; what correlation of neighbours is left is added to it.
    skewness : ndarray, shape (n_runs,)
        Of the block means.
    independent : ndarray of bool, shape (n_runs,)
        Whether there is a length from which on block means don't depend on each other.
    enough : ndarray of bool, shape (n_runs,)
        Whether the sum is carried by enough rows.
    """

    count: Floats
    length: Floats
    mean: Floats
    error: Floats
    skewness: Floats
    independent: Flags
    enough: Flags

    @property
    def ready(self) -> Flags:
        """Whether a verdict may rest on it."""
        return self.independent & self.enough


def summarise(blocks: Blocks) -> Summary | None:
    """Choose the length of block and return what is seen through it.

    It is the shortest from which on no longer one (of which there are at least 30 blocks) shows a
    significant correlation of neighbours. What correlation is left widens the standard error, since
    with 30 blocks much can hide; where the two longest lengths both show it, none is long enough,
    and no verdict may rest on these rows yet.

    Parameters
    ----------
    blocks : Blocks
        The differences.

    Returns
    -------
    Summary or None
        None with fewer than 30 blocks of the shortest length.

    References
    ----------
    Flyvbjerg, Petersen (1989), Error estimates on averages of correlated data, J. Chem. Phys. 91;
    Jonsson (2018), Standard error estimation by an automated blocking method, Phys. Rev. E 98.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> steps = np.repeat(random.normal(size=500), 8)
    >>> blocks = Blocks()
    >>> blocks.add(steps[:, None])
    >>> int(summarise(blocks).length[0])
    8
    """
    levels = blocks.levels()
    if levels is None:
        return None
    chosen, independent = choose_level(levels)
    runs = np.arange(blocks.runs)
    count = levels.count[chosen, 0]
    left = np.clip(remaining(levels)[chosen, runs], 0.0, MOST)
    variance = levels.variance[chosen, runs] * (1 + left) / (1 - left)
    mean = levels.mean[chosen, runs]
    error = np.sqrt(variance / (count - 1))
    return Summary(
        count=count,
        length=levels.length[chosen, 0],
        mean=mean,
        error=np.maximum(error, SMALLEST),
        skewness=levels.skewness[chosen, runs],
        independent=independent,
        enough=(levels.effective >= MIN_EFFECTIVE) & (blocks.too_few() is None),
    )


def rows_depend(blocks: Blocks) -> Flags:
    """Return for each run whether rows surely depend on each other: exact methods aren't then."""
    levels = blocks.levels()
    if levels is None:
        return np.zeros(blocks.runs, dtype=bool)
    score = levels.correlation * np.sqrt(levels.count)
    return np.asarray(score.max(axis=0) > SUSPICIOUS)


def remaining(levels: Levels) -> Floats:
    """Return the correlation of neighbours at each length, in the light of shorter lengths.

    Where dependence dies away, doubling the blocks halves the correlation in the end, and that of
    shorter blocks is known better. So half of that is taken, within the errors of what the blocks
    themselves show; of few blocks no less than what they show, since theirs hasn't halved yet.
    """
    found = levels.correlation.copy()
    error = 1 / np.sqrt(levels.count)
    for level in range(1, len(found)):
        below = error[level] if levels.count[level, 0] >= MANY_BLOCKS else 0.0
        lowest, highest = found[level] - below, found[level] + 2 * error[level]
        found[level] = np.clip(found[level - 1] / 2, lowest, highest)
    return found


def choose_level(levels: Levels) -> tuple[NDArray[np.intp], Flags]:
    """Return the index of the length for each run, and whether it is long enough."""
    score = levels.correlation * np.sqrt(levels.count)
    from_here_on = np.logical_and.accumulate(score[::-1] <= SIGNIFICANT, axis=0)[::-1]
    longest = len(score) - 1
    chosen = np.where(from_here_on[-1], np.argmax(from_here_on, axis=0), longest)
    # Dependence that lasts shows at the last two lengths, chance at one of them.
    return chosen, score[-2:].min(axis=0) <= REFUSED
