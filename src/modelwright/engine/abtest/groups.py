"""Keys that come again: what they have in common doesn't average out over their rows."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.abtest.blocks import MIN_BLOCKS, Floats
from modelwright.engine.abtest.dependence import MIN_EFFECTIVE, Summary

GROUPS = 256
FEWEST_GROUPS = 20


class KeyGroups:
    """Sums over 256 groups of keys, dealt by a hash.

    Where a key always goes to the same model, its rows err together for ever, and rows of blocks of
    time look more certain than they are. Groups of keys are independent of each other, so the
    spread of their sums shows what is really known, with as few numbers as there are groups.

    References
    ----------
    Liang, Zeger (1986), Longitudinal data analysis using generalized linear models, Biometrika 73.

    Examples
    --------
    >>> groups = KeyGroups()
    >>> groups.add(["pump 1", "pump 2", "pump 1"], np.array([1.0, -1.0, 2.0]), np.array([0, 1, 0]))
    >>> int(groups.counts.sum()), float(groups.sums.sum())
    (3, 2.0)
    """

    def __init__(self) -> None:
        self.sums = np.zeros(GROUPS)
        self.counts = np.zeros(GROUPS)
        self.arms = np.zeros((2, GROUPS))

    def add(
        self, keys: Sequence[str | int], differences: Floats, arms: NDArray[np.integer[Any]]
    ) -> None:
        """Take further rows.

        Parameters
        ----------
        keys : sequence of (str or int), shape (n_rows,)
            Whom each row belongs to.
        differences : ndarray, shape (n_rows,)
            As they go into the blocks.
        arms : ndarray of int, shape (n_rows,)
            0 where the champion answered, 1 where the challenger did.
        """
        place = np.array([group_of(key) for key in keys], dtype=np.int64)
        self.sums += np.bincount(place, differences, GROUPS)
        self.counts += np.bincount(place, minlength=GROUPS)
        for arm in (0, 1):
            self.arms[arm] += np.bincount(place[arms == arm], minlength=GROUPS)

    def widen(self, summary: Summary) -> Summary:
        """Return a summary whose error is that of the groups, where that is larger."""
        used = self.counts > 0
        number, rows = int(used.sum()), float(self.counts.sum())
        if number < MIN_BLOCKS or (self.arms > 0).sum(axis=1).min() < FEWEST_GROUPS:
            return replace(summary, enough=np.zeros_like(summary.enough))
        mean = float(self.sums.sum()) / rows
        left = self.sums[used] - self.counts[used] * mean
        squares = float((left**2).sum())
        error = np.sqrt(squares * number / (number - 1)) / rows
        if error <= summary.error[0]:
            return summary
        count = rows**2 / float((self.counts**2).sum())
        carried = squares**2 / float((left**4).sum())
        # As many independent rows as would be worth as much as these.
        worth = summary.count * summary.length * (summary.error / error) ** 2
        return replace(
            summary,
            count=np.array([count]),
            length=worth / count,
            mean=np.array([mean]),
            error=np.array([error]),
            skewness=np.array([float((left**3).mean() / (squares / number) ** 1.5)]),
            enough=summary.enough & (min(carried, count) >= MIN_EFFECTIVE),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the sums as plain data that JSON can hold."""
        return {
            "sums": self.sums.tolist(),
            "counts": self.counts.tolist(),
            "arms": self.arms.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "KeyGroups":
        """Make one of what `to_dict` gave."""
        groups = cls()
        groups.sums, groups.counts, groups.arms = (
            np.array(data[name], dtype=float) for name in ("sums", "counts", "arms")
        )
        return groups


def group_of(key: str | int) -> int:
    """Return the group of a key; another hash than the one that deals keys to models.

    Examples
    --------
    >>> group_of("pump 1") == group_of("pump 1") < GROUPS
    True
    """
    return hashlib.blake2b(f"group:{key}".encode(), digest_size=1).digest()[0]
