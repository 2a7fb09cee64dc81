"""Random draws that belong to a number, whatever was drawn before."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.series import Times, Values

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


class Draws:
    """Draws that depend on the seed, some words and an index only.

    A generator's draws depend on how many were made before; readings that go on at any hour need
    draws that don't. The index goes through SplitMix64 [1]_.

    Parameters
    ----------
    seed : int
    *words : str
        What the draws are for; other words give other draws.

    References
    ----------
    .. [1] Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.

    Examples
    --------
    >>> draws = Draws(1, "pump")
    >>> bool((draws.uniform(np.arange(5))[3:] == draws.uniform(np.arange(3, 5))).all())
    True
    """

    def __init__(self, seed: int, *words: str) -> None:
        self.seed = seed
        self.words = words

    def uniform(self, index: Times, what: str = "") -> Values:
        """Return a draw between 0 and 1, both excluded, for each index."""
        text = "/".join((str(self.seed), *self.words, what)).encode()
        key = np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big"))
        mixed = _mixed(index.astype(np.uint64) * _GOLDEN + key)
        return np.asarray((mixed >> np.uint64(11)) * 2.0**-53 + 2.0**-54, dtype=np.float64)

    def normal(self, index: Times, what: str = "") -> Values:
        """Return a draw from the standard normal distribution for each index (Box-Muller)."""
        radius = np.sqrt(-2.0 * np.log(self.uniform(index, what + "/radius")))
        angle = 2.0 * np.pi * self.uniform(index, what + "/angle")
        return np.asarray(radius * np.cos(angle), dtype=np.float64)


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * _MIX[0]
    state = (state ^ (state >> np.uint64(27))) * _MIX[1]
    return state ^ (state >> np.uint64(31))
