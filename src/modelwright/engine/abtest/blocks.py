"""Sums over blocks of 1, 2, 4, 8 … rows: what is kept of the differences, however many there are.

Means of long blocks depend on each other less than rows do, so their spread shows how uncertain the
overall mean is. Which length is long enough is seen later (`dependence`); until then the sums of
all lengths are kept, which is some hundred numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.abtest.errors import ABTestError

Floats = NDArray[np.float64]

MIN_BLOCKS = 30
MIN_ROWS = 100
LARGEST = 1e70
POWERS = 4
TINY = 1e-12


@dataclass(frozen=True)
class Levels:
    """Statistics of the block means, for each length of which there are enough blocks.

    Parameters
    ----------
    count : ndarray, shape (n_levels, 1)
        Blocks.
    length : ndarray, shape (n_levels, 1)
        Rows in a block.
    mean, variance, skewness, correlation : ndarray, shape (n_levels, n_runs)
        Of the block means; the correlation is that of neighbours, its bias taken off.
    effective : ndarray, shape (n_runs,)
        How many equally large deviations from the mean would make up the variance of the shortest
        blocks: the fewer carry it, the smaller. Blocks over their kurtosis.
    """

    count: Floats
    length: Floats
    mean: Floats
    variance: Floats
    skewness: Floats
    correlation: Floats
    effective: Floats


class Blocks:
    """Takes differences in the order of time and keeps sums over blocks of doubling lengths.

    Parameters
    ----------
    base : int
        Rows in the shortest block: a season's period, or the horizon of forecasts.
    runs : int
        Independent sequences that are taken side by side; 1 but for simulations.

    References
    ----------
    Flyvbjerg, Petersen (1989), Error estimates on averages of correlated data, J. Chem. Phys. 91.

    Examples
    --------
    >>> blocks = Blocks()
    >>> blocks.add(np.arange(60.0)[:, None])
    >>> levels = blocks.levels()
    >>> levels.count[:, 0].tolist(), levels.length[:, 0].tolist()
    ([60.0, 30.0], [1.0, 2.0])
    >>> levels.mean[:, 0].tolist()
    [29.5, 29.5]
    """

    def __init__(self, base: int = 1, runs: int = 1) -> None:
        if base < 1:
            raise ABTestError(f"A block needs at least one row, not {base}.")
        self.base = base
        self.runs = runs
        self.rows = 0
        self.counts: list[int] = []
        self.sums: Floats = np.zeros((0, POWERS, runs))
        self.products: Floats = np.zeros((0, runs))
        self.firsts: Floats = np.zeros((0, runs))
        self.lasts: Floats = np.zeros((0, runs))
        self.rest: Floats = np.zeros((0, runs))
        self.seen: tuple[int, Levels | None] | None = None

    def add(self, differences: Floats) -> None:
        """Take further rows.

        Parameters
        ----------
        differences : ndarray, shape (n_rows, n_runs)
            Finite, in the order of time.
        """
        self.rows += len(differences)
        waiting = np.concatenate([self.rest, differences]) if len(self.rest) else differences
        whole = len(waiting) // self.base * self.base
        self.rest = waiting[whole:].copy()
        means = waiting[:whole]
        if self.base > 1:
            means = means.reshape(-1, self.base, self.runs).mean(axis=1)
        level = 0
        while len(means):
            means = self._take(level, means)
            level += 1

    def _take(self, level: int, means: Floats) -> Floats:
        """Add block means of one length; return those of the next that are complete by them."""
        if level == len(self.counts):
            self._grow()
        count = self.counts[level]
        power = means
        for i in range(POWERS):
            self.sums[level, i] += power.sum(axis=0)
            if i < POWERS - 1:
                power = power * means
        previous = self.lasts[level]
        if count:
            self.products[level] += previous * means[0]
        else:
            self.firsts[level] = means[0]
        if len(means) > 1:
            self.products[level] += (means[:-1] * means[1:]).sum(axis=0)
        # Of an odd number of blocks the last one waits for its partner.
        halves = np.concatenate([previous[None], means]) if count % 2 else means
        self.counts[level] = count + len(means)
        pairs = halves[: len(halves) // 2 * 2]
        doubled = (pairs[0::2] + pairs[1::2]) / 2
        self.lasts[level] = means[-1]
        return doubled

    def _grow(self) -> None:
        empty = np.zeros((1, self.runs))
        self.counts.append(0)
        self.sums = np.concatenate([self.sums, np.zeros((1, POWERS, self.runs))])
        self.products = np.concatenate([self.products, empty])
        self.firsts = np.concatenate([self.firsts, empty])
        self.lasts = np.concatenate([self.lasts, empty])

    def levels(self) -> Levels | None:
        """Return the statistics of each length of which there are at least 30 blocks, or None."""
        if self.seen is None or self.seen[0] != self.rows:
            self.seen = (self.rows, self._levels())
        return self.seen[1]

    def _levels(self) -> Levels | None:
        used = sum(count >= MIN_BLOCKS for count in self.counts)
        if not used:
            return None
        count = np.array(self.counts[:used], dtype=float)[:, None]
        total, squares, cubes, fourths = (self.sums[:used, i] for i in range(POWERS))
        mean = total / count
        second = squares / count
        # Sums of equal numbers leave a rounding error, which isn't spread.
        spread = np.maximum(second - mean**2, 0.0)
        variance = np.where(spread > TINY * second, spread, 0.0)
        third = cubes / count - 3 * mean * second + 2 * mean**3
        shift = -4 * mean * cubes + 6 * mean**2 * squares
        fourth = (fourths + shift)[0] / count[0] - 3 * mean[0] ** 4
        with np.errstate(divide="ignore", invalid="ignore"):
            skewness = np.where(variance > 0, third / variance**1.5, 0.0)
            ends = self.firsts[:used] + self.lasts[:used]
            shared = self.products[:used] - mean * (2 * total - ends) + (count - 1) * mean**2
            correlation = np.where(variance > 0, shared / (count * variance) + 1 / count, 0.0)
            kurtosis = fourth / variance[0] ** 2
            effective = np.where(variance[0] > 0, count[0] / kurtosis, 0.0)
        length = np.array([self.base * 2.0**level for level in range(used)])[:, None]
        return Levels(count, length, mean, variance, skewness, correlation, effective)

    def too_few(self) -> str | None:
        """Say how many rows a first look needs, or None once they are there.

        It is 30 blocks and 100 rows: fewer don't show whether rows depend on each other.
        """
        needed = max(MIN_BLOCKS * self.base, MIN_ROWS)
        if self.rows >= needed:
            return None
        return f"there are {self.rows} of the {needed} rows that a first look needs"

    def to_dict(self) -> dict[str, Any]:
        """Return the sums as plain data that JSON can hold; of one run only."""
        return {
            "base": self.base,
            "rows": self.rows,
            "counts": list(self.counts),
            "sums": self.sums[:, :, 0].tolist(),
            "products": self.products[:, 0].tolist(),
            "firsts": self.firsts[:, 0].tolist(),
            "lasts": self.lasts[:, 0].tolist(),
            "rest": self.rest[:, 0].tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Blocks":
        """Make the sums of what `to_dict` gave.

        Examples
        --------
        >>> blocks = Blocks(base=2)
        >>> blocks.add(np.ones((7, 1)))
        >>> Blocks.from_dict(blocks.to_dict()).to_dict() == blocks.to_dict()
        True
        """
        blocks = cls(int(data["base"]))
        blocks.rows = int(data["rows"])
        blocks.counts = [int(count) for count in data["counts"]]
        blocks.sums = np.array(data["sums"], dtype=float).reshape(-1, POWERS, 1)
        blocks.products, blocks.firsts, blocks.lasts, blocks.rest = (
            np.array(data[name], dtype=float)[:, None]
            for name in ("products", "firsts", "lasts", "rest")
        )
        return blocks
