"""How often a machine is read, and how long each reading stands for."""

import numpy as np

from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import HOUR_MS, Times, Values

SECOND_MS = 1000
COMMON = 0.25  # of all distances
LATE = 1.5  # steps
NEAR = 0.05
NICE_STEPS = (
    *(minutes * 60_000 for minutes in (1, 2, 5, 10, 15, 20, 30)),
    *(hours * HOUR_MS for hours in (1, 2, 3, 4, 6, 8, 12, 24, 7 * 24)),
)


def step_of(times: Times) -> int:
    """Return the usual distance between readings in milliseconds: the most common one.

    Of equally common ones it is the shortest; clocks may be off by half a second. Where no distance
    is common (months, clocks that are late, readings on events) it is the median, or a round step
    that is within 5 % of it; an hour where there are fewer than two readings.

    Examples
    --------
    >>> step_of(np.array([0, 60_000, 120_000, 600_000]))
    60000
    """
    if times.size < 2:
        return HOUR_MS
    distances = np.diff(times)
    if distances.min() >= 2 * SECOND_MS:
        distances = (distances + SECOND_MS // 2) // SECOND_MS * SECOND_MS
    steps, counts = np.unique(distances, return_counts=True)
    most = int(np.argmax(counts))
    if counts[most] < COMMON * distances.size:
        median = max(1, int(np.median(distances)))
        nice = min(NICE_STEPS, key=lambda step: abs(step - median))
        return nice if abs(nice - median) <= NEAR * nice else median
    return max(1, int(steps[most]))


def steps_by_day(times: Times) -> Times:
    """Return for each reading the distance that is usual on its (UTC) day, in milliseconds.

    A machine may be read every minute from some day on and by the hour before. A day's is the
    lower quartile of its distances, which gaps don't move; days with too few of them to tell
    (three) have that of the whole series.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Increasing, milliseconds UTC.
    """
    usual = step_of(times)
    if times.size < 3:
        return np.full(times.size, usual, dtype=np.int64)
    distances = np.diff(times)
    day = times[:-1] // DAY_MS
    order = np.lexsort((distances, day))
    days, first, counts = np.unique(day, return_index=True, return_counts=True)
    quartile = distances[order][first + counts // 4]
    quartile[counts < 3] = usual
    at = np.clip(np.searchsorted(days, times // DAY_MS), 0, days.size - 1)
    found: Times = np.where(days[at] == times // DAY_MS, quartile[at], usual)
    return found


def durations(times: Times) -> Values:
    """Return how many hours each reading stands for: to the next one, or the usual step at most.

    Bills are for what passed between them, which varies: readings that are days apart stand for all
    the time to the next one, unless that is more than half a step late.

    Examples
    --------
    >>> durations(np.array([0, 1, 2, 3, 9]) * 900_000)
    array([0.25, 0.25, 0.25, 0.25, 0.25])
    >>> durations(np.array([0, 31, 59, 90]) * DAY_MS) / 24
    array([31., 28., 31., 31.])
    """
    usual = step_of(times)
    if usual > DAY_MS and times.size > 1:
        usual = int(np.median(np.diff(times)))
        gaps = np.append(np.diff(times), usual)
        return np.asarray(np.where(gaps <= LATE * usual, gaps, usual) / HOUR_MS, dtype=np.float64)
    steps = steps_by_day(times)
    until_next = np.append(np.diff(times), steps[-1:])
    return np.asarray(np.minimum(until_next, steps) / HOUR_MS, dtype=np.float64)
