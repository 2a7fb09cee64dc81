"""A queue with several servers, first come first served, and how many of them it needs."""

import heapq
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]


def waits(arrivals: Seconds, services: Seconds, servers: int) -> Seconds:
    """Return how long each job waits (G/G/c).

    Parameters
    ----------
    arrivals : array of shape (n_jobs,)
        When each comes, in seconds, ascending.
    services : array of shape (n_jobs,)
        What each takes a server, in seconds.
    servers : int
        At least 1.
    """
    free = [0.0] * servers
    found = np.empty(len(arrivals))
    for i, (at, takes) in enumerate(zip(arrivals.tolist(), services.tolist(), strict=True)):
        begins = max(at, free[0])
        heapq.heapreplace(free, begins + takes)
        found[i] = begins - at
    return found


def smallest(enough: Callable[[int], bool], least: int = 1) -> int:
    """Return the smallest number from `least` on that is enough, where any larger one is too."""
    high = max(1, least)
    while not enough(high):
        least, high = high + 1, 2 * high
    while least < high:
        middle = (least + high) // 2
        if enough(middle):
            high = middle
        else:
            least = middle + 1
    return high
