"""Growing an ensemble bit by bit, so that its progress can be told, to the very same end."""

import math
import time
import warnings
from collections.abc import Callable
from typing import Any

FIRST_TREES = 10
ONE_GO_SECONDS = 1.0
CHUNK_SECONDS = 0.1
FEWEST_CHUNKS = 20
MOST_CHUNKS = 50

Progress = Callable[[float, str], None]


def first_chunk(total: int, threads: int) -> int:
    """Return how many trees to grow first, to measure the speed.

    Examples
    --------
    >>> first_chunk(100, 1), first_chunk(5, 1), first_chunk(1, 4)
    (10, 1, 1)
    """
    return min(total, max(1, threads, min(FIRST_TREES, total // 5)))


def next_chunk(done: int, total: int, seconds: float, threads: int) -> int:
    """Return how many trees to grow at a time after the first ones.

    Parameters
    ----------
    done, total : int
        Trees grown so far, and to be grown.
    seconds : float
        What those so far took.
    threads : int
        A chunk is not smaller than this.

    Examples
    --------
    >>> next_chunk(10, 100, 0.01, 1), next_chunk(10, 1000, 1.0, 1)
    (90, 20)
    """
    expected = seconds / done * total
    if expected < ONE_GO_SECONDS:
        return total - done
    chunks = min(MOST_CHUNKS, max(FEWEST_CHUNKS, expected / CHUNK_SECONDS))
    return max(1, threads, math.ceil((total - done) / chunks))


def grow(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    parameter: str,
    threads: int,
    progress: Progress,
) -> None:
    """Fit an ensemble in chunks by its warm start.

    scikit-learn draws the seeds of later trees as if the earlier ones had been drawn in the same
    call, so the result is that of one plain fit, bit by bit.

    Parameters
    ----------
    estimator : object
        With `warm_start` and the size parameter; afterwards its parameters read as before.
    X, y : array-like
        Training data, the same for each chunk.
    parameter : str
        Name of the size parameter: ``n_estimators`` or ``max_iter``.
    threads : int
        Used by the fit.
    progress : callable
        Called with the share that is done (0 to 1) and a message after each chunk.
    """
    total = int(getattr(estimator, parameter))
    done = 0
    step = first_chunk(total, threads)
    started = time.perf_counter()
    estimator.warm_start = True
    try:
        while done < total:
            size = min(total, done + step)
            setattr(estimator, parameter, size)
            with warnings.catch_warnings():
                # The data are the same for each chunk, which is all that this warning is about.
                warnings.filterwarnings("ignore", message="class_weight presets")
                estimator.fit(X, y)
            if not done:
                step = next_chunk(size, total, time.perf_counter() - started, threads)
            done = size
            progress(done / total, f"{done} of {total}")
    finally:
        setattr(estimator, parameter, total)
        estimator.warm_start = False
