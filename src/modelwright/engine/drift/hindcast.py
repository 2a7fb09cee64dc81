"""How far ordinary windows lie from what came before them, as the reference itself tells."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from modelwright.engine.drift.columns import Floats
from modelwright.engine.drift.special import student_tail

MEMORIES = (math.inf, 28.0, 7.0)
"""Half-lives, in windows, of what the level is told from."""
LEAST_HISTORY = 14
LEAST_ORIGINS = 20
LEAST_WINDOWS = LEAST_HISTORY + LEAST_ORIGINS
FREEDOM = (2.0, 12.0)
"""Of Student's t: windows of real series have heavier tails than rows."""
WANDERING = 0.3
"""Correlation of errors that don't overlap from which on all are taken as one."""
NORMAL_95 = 1.96
NORMAL_50 = 0.6745


@dataclass(frozen=True)
class Judgement:
    """What a window's mean amounts to.

    Attributes
    ----------
    away : float
        From the level that was expected, in the unit of the series.
    z : float
        The same in robust standard deviations of ordinary windows.
    p_value : float
        1 where a window of the reference was as far away on that side.
    scale : float
        What one standard deviation is.
    freedom : float
        Of Student's t that the p-value is from.
    """

    away: float
    z: float
    p_value: float
    scale: float
    freedom: float


@dataclass(frozen=True, eq=False)
class Hindcast:
    """A series of means of equally long windows, and how well it tells what comes next.

    At every place of the series the level so far is compared with the windows that came so much
    later; the errors, over all places, are what an ordinary window shows. Trend, season of the
    year and wandering levels are in them, without a model. Of several memories for the level that
    with the smallest errors is taken. Positive and negative errors are judged apart: holidays make
    the one tail heavy and leave the other alone.

    Parameters
    ----------
    means : ndarray of shape (windows,)
        In the order of their times.
    least : float
        Smallest standard deviation that is believed.
    tails : float
        Most degrees of freedom of Student's t: the fewer, the heavier the tails are taken.

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy, Int. J. Forecasting 16; Vovk,
    Gammerman, Shafer (2005), Algorithmic Learning in a Random World (comparing with all others).

    Examples
    --------
    >>> means = np.random.default_rng(0).normal(10, 0.1, 200)
    >>> hindcast = Hindcast(means)
    >>> hindcast.judge(10.1, 1.0, 0).p_value > 0.1, hindcast.judge(11.0, 1.0, 0).p_value < 0.001
    (True, True)
    """

    means: Floats
    least: float = 1e-9
    tails: float = FREEDOM[1]

    @cached_property
    def _sums(self) -> Floats:
        return np.concatenate([[0.0], np.cumsum(self.means)])

    @cached_property
    def _levels(self) -> tuple[Floats, ...]:
        return tuple(_level(self.means, memory) for memory in MEMORIES)

    def judge(self, mean: float, length: float, ahead: float) -> Judgement:
        """Return how far a window is from ordinary.

        Parameters
        ----------
        mean : float
            Of the window.
        length : float
            Of the window, in windows of the series; may be less than 1.
        ahead : float
            How long after the series it begins, in windows of the series; below 0 it lies within
            and is compared with what came before it, near the begin with what came after it.
        """
        run = max(1, min(round(length), len(self.means) // 4))
        history = max(LEAST_HISTORY, len(self.means) // 3)
        origins = max(LEAST_ORIGINS, len(self.means) // 5)
        place = len(self.means) + min(0, round(ahead))
        after = max(place, 0) + run
        if place < history <= len(self.means) - after:
            backwards = replace(self, means=self.means[::-1])
            return backwards.judge(mean, length, -after)
        place = max(place, history)
        farthest = max(0, len(self.means) - run - history - origins)
        gap = min(max(0, round(ahead)), farthest)
        level, errors = self._best(run, gap, history)
        away = mean - float(level[place])
        stretch = 1.0 / math.sqrt(min(1.0, length / run))
        if ahead > gap:
            near = self._errors(level, run, gap // 4, history)
            stretch *= _growth(errors, near, run, gap, ahead)
        side = np.sort(errors[errors > 0] if away > 0 else -errors[errors < 0])
        scale = max(_middle(errors), _tail(side), self.least)
        freedom = min(max(_independent(errors, run, gap), FREEDOM[0]), self.tails)
        z = away / (scale * stretch)
        p_value = student_tail(z, freedom)
        if len(side) and float(side[-1]) * stretch >= abs(away):
            p_value = 1.0
        return Judgement(away, z, p_value, scale * stretch, freedom)

    def least_away(self, means: Floats) -> Floats:
        """Return how far the means of later windows are away at least, whichever level is taken."""
        ends = np.array([level[-1] for level in self._levels])
        nearest: Floats = np.abs(means - ends[:, None]).min(axis=0)
        return nearest

    def _best(self, run: int, gap: int, history: int) -> tuple[Floats, Floats]:
        """Return the level with the least errors, and those errors."""
        found = [(level, self._errors(level, run, gap, history)) for level in self._levels]
        return min(found, key=lambda one: _spread(one[1]))

    def _errors(self, level: Floats, run: int, gap: int, history: int) -> Floats:
        """Return how far windows so much later were from the level, place by place."""
        last, first = len(self.means) - gap - run + 1, history + gap
        sums = self._sums[first + run : last + gap + run] - self._sums[first : last + gap]
        errors: Floats = sums / run - level[history:last]
        return errors


def _level(means: Floats, memory: float) -> Floats:
    """Return the weighted mean of everything before each place, and after the last."""
    growth = 0.0 if math.isinf(memory) else math.log(2) / memory
    weights = np.exp(growth * (np.arange(len(means)) - len(means)))
    level = np.cumsum(means * weights) / np.cumsum(weights)
    return np.concatenate([[level[0]], level])


def _spread(errors: Floats) -> float:
    """Return a robust standard deviation about 0."""
    sizes = np.sort(np.abs(errors))
    return max(float(sizes[(len(sizes) - 1) // 2]) / NORMAL_50, _tail(sizes))


def _tail(sizes: Floats) -> float:
    """Return the standard deviation that the largest of ascending sizes speak for."""
    return float(sizes[int(0.95 * (len(sizes) - 1))]) / NORMAL_95 if len(sizes) >= 5 else 0.0


def _middle(errors: Floats) -> float:
    """Return the standard deviation that errors near the middle of all speak for."""
    half = (len(errors) - 1) // 2
    away = np.abs(errors - np.sort(errors)[half])
    return float(np.sort(away)[half]) / NORMAL_50


def _growth(errors: Floats, near: Floats, run: int, gap: int, ahead: float) -> float:
    """Return by how much errors grow from as far as could be looked to as far as is asked."""
    power = 0.5
    if gap and _spread(near) > 0 and _spread(errors) > 0:
        power = math.log(_spread(errors) / _spread(near))
        power /= math.log((gap + run) / (gap // 4 + run))
    return float(((ahead + run) / (gap + run)) ** min(max(power, 0.5), 1.5))


def _independent(errors: Floats, run: int, gap: int) -> float:
    """Return how many errors of their own the overlapping ones are worth.

    Errors so far ahead share the way to there, unless the level doesn't wander: then those that
    don't overlap are uncorrelated. Few errors can't prove that, hence their standard error.
    """
    centred = errors - errors.mean()
    squares = float(centred @ centred)
    together = float(centred[run:] @ centred[:-run]) / squares if squares > 0 else 0.0
    wander = min(1.0, max(0.0, together + math.sqrt(run / len(errors))) / WANDERING)
    return len(errors) / (run + gap * wander)
