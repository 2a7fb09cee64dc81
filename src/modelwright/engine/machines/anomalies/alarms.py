"""From surprise to alarms: a threshold from the wanted rate, stretches, and how grave they are."""

from dataclasses import dataclass
from math import log

import numpy as np

from modelwright.engine.machines.base import Anomaly
from modelwright.engine.machines.series import Times, Values

WEEK_MS = 7 * 24 * 3_600_000
DAY_MS = 24 * 3_600_000
MERGED_ROWS = 12
CALIBRATED_ON = 20  # stretches
PRIOR_ROWS = 2000
USUAL_CLUSTER = 7.4
LEAST_THRESHOLD = 0.5
LEVELS = 100
WARNING, CRITICAL = log(10), log(100)


@dataclass(frozen=True)
class Stretch:
    """Rows `first` to `last` of a series that belong to one alarm, the loudest at `peak`."""

    first: int
    last: int
    peak: int


def merged_within(step_ms: int) -> int:
    """Return how far apart, in milliseconds, alarms are still one: 12 readings, a day at most."""
    return max(2 * step_ms, min(MERGED_ROWS * step_ms, DAY_MS))


def stretches(times: Times, surprise: Values, threshold: float, within_ms: int) -> list[Stretch]:
    """Return the stretches in which surprise reaches the threshold.

    Examples
    --------
    >>> stretches(np.arange(6), np.array([0, 9, 0, 5, 0, 0.0]), 5.0, 2)
    [Stretch(first=1, last=3, peak=1)]
    """
    loud = np.flatnonzero(surprise >= threshold)
    if not loud.size:
        return []
    breaks = np.flatnonzero(np.diff(times[loud]) > within_ms) + 1
    groups = np.split(loud, breaks)
    return [
        Stretch(int(group[0]), int(group[-1]), int(group[np.argmax(surprise[group])]))
        for group in groups
    ]


def calibrated_threshold(
    times: Times, surprise: Values, step_ms: int, alarms_per_week: float
) -> float:
    """Return the surprise above which alarms come as often as wanted.

    The level at which the training has `CALIBRATED_ON` stretches (or as many as wanted, if more) is
    looked for; from there on each unit of surprise, being a logarithm, makes alarms e times rarer.
    What is out of the ordinary in the training itself hardly moves that level. A short training
    tells little of what is rare: the threshold is drawn towards the one that would be right if
    surprise were what it claims to be and alarms lasted `USUAL_CLUSTER` readings.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
    surprise : ndarray of float64, shape (n,)
        Of the training's readings.
    step_ms : int
    alarms_per_week : float
        More than 0.
    """
    weeks = max(times.size * step_ms / WEEK_MS, 1e-9)
    wanted = alarms_per_week * weeks
    most = times.size / (MERGED_ROWS * 8)  # stretches, for them not to run into one another
    number = min(max(CALIBRATED_ON, wanted), max(most, 2.0))
    level, reached = _level_with(times, surprise, number, merged_within(step_ms))
    told = level + log(reached / wanted)
    claimed = log(WEEK_MS / step_ms / alarms_per_week / USUAL_CLUSTER)
    share = times.size / (times.size + PRIOR_ROWS)
    return max(share * told + (1 - share) * claimed, LEAST_THRESHOLD)


def _level_with(
    times: Times, surprise: Values, number: float, within_ms: int
) -> tuple[float, float]:
    """Return the highest level with so many stretches, or the most there are, and how many."""
    best, most = 0.0, 1
    for level in np.linspace(float(surprise.max(initial=0.0)), 0.0, LEVELS, endpoint=False):
        count = 1 + int((np.diff(times[surprise >= level]) > within_ms).sum())
        if count > most or not best:
            best, most = float(level), count
        if count >= number:
            break
    return best, float(most)


def severity(surprise: float, threshold: float) -> str:
    """Return ``critical`` for what is a hundred times rarer than asked for, ``warning`` for ten."""
    if surprise >= threshold + CRITICAL:
        return "critical"
    return "warning" if surprise >= threshold + WARNING else "info"


def joined(known: list[Anomaly], found: list[Anomaly], within_ms: int) -> list[Anomaly]:
    """Return one list of anomalies that were found in overlapping pieces of a series.

    Parameters
    ----------
    known, found : list of Anomaly
        From earlier and from later readings, each oldest first.
    within_ms : int
        How far apart they are still one.

    Examples
    --------
    >>> early = Anomaly(0, 5, "info", 1.2, ("power_kw",), "…")
    >>> late = Anomaly(5, 9, "warning", 1.7, ("power_kw",), "…")
    >>> [(one.start, one.end, one.severity) for one in joined([early], [late], 2)]
    [(0, 9, 'warning')]
    """
    result: list[Anomaly] = []
    for one in sorted([*known, *found], key=lambda anomaly: (anomaly.start, anomaly.end)):
        if result and one.start - result[-1].end <= within_ms:
            before = result[-1]
            loudest = max(before, one, key=lambda anomaly: anomaly.score)
            result[-1] = Anomaly(
                before.start,
                max(before.end, one.end),
                loudest.severity,
                loudest.score,
                loudest.channels,
                loudest.message,
            )
        else:
            result.append(one)
    return result
