"""A group sequential test: a known number of rows, looked at a few times on the way."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from modelwright.engine.abtest.blocks import Blocks, Floats
from modelwright.engine.abtest.dependence import summarise
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.methods.base import Method
from modelwright.engine.abtest.results import Interval
from modelwright.engine.abtest.scores import normal_score, ratio_of
from modelwright.engine.abtest.spending import obrien_fleming, sequential_p_value

LEAST = 1e-12


class GroupSequentialMethod(Method):
    """O'Brien and Fleming's boundaries, spent over looks as Lan and DeMets do.

    The most powerful way where the largest number of rows is known and looks are few, such as one
    a night. What comes between two looks waits for the next one; after `max_rows` nothing is left
    to be spent, and the interval of the last look stays.

    Parameters
    ----------
    design : Design
        What is fixed before; needs `max_rows`.
    blocks : Blocks
        The differences so far.

    References
    ----------
    O'Brien, Fleming (1979), A multiple testing procedure for clinical trials, Biometrics 35; Lan,
    DeMets (1983), Discrete sequential boundaries for clinical trials, Biometrika 70.

    Examples
    --------
    >>> blocks = Blocks()
    >>> method = GroupSequentialMethod(Design(max_rows=1000, looks=4), blocks)
    >>> random = np.random.default_rng(0)
    >>> for _ in range(2):
    ...     blocks.add(random.normal(0.3, 1.0, size=(250, 1)))
    ...     method.add(np.empty(0))
    >>> [round(score, 2) for score in method.scores]
    [4.33, 2.96]
    >>> method.interval().lower > 0
    True
    """

    name: ClassVar[str] = "group_sequential"

    def __init__(self, design: Design, blocks: Blocks) -> None:
        super().__init__(design, blocks)
        if design.max_rows is None:
            raise ABTestError(
                "group_sequential needs max_rows, the largest number of rows: give it, or use"
                " asymptotic."
            )
        self.most = design.max_rows
        self.times: list[float] = []
        self.scores: list[float] = []
        self.last: Interval | None = None
        self.evidence = 0.0

    def add(self, differences: Floats) -> None:
        """Look, where one of the planned looks is due."""
        time = min(self.blocks.rows / self.most, 1.0)
        looked = self.times[-1] if self.times else 0.0
        due = math.floor(time * self.design.looks + LEAST) / self.design.looks
        if looked >= 1.0 or due <= looked:
            return
        summary = summarise(self.blocks)
        if summary is None or not summary.ready[0]:
            return
        self.times.append(time)
        bound = obrien_fleming(self.times, self.design.alpha, self.scores)[-1]
        self.scores.append(bound)
        ends = [
            float((summary.mean - summary.error * ratio_of(z, summary.count, summary.skewness))[0])
            for z in (np.array([bound]), np.array([-bound]))
        ]
        self.last = Interval(*ends)
        ratio = summary.mean / summary.error
        score = float(normal_score(ratio, summary.count, summary.skewness)[0])
        p_value = sequential_p_value(self.times, abs(score))
        # Found by halving, it may miss alpha by a hair: the boundary itself is what counts.
        alpha = self.design.alpha
        reached = abs(score) >= bound
        p_value = min(p_value, alpha) if reached else max(p_value, math.nextafter(alpha, 1.0))
        self.evidence = max(self.evidence, -math.log(p_value))

    def interval(self) -> Interval | None:
        """Return the repeated confidence interval of the last look."""
        return self.last

    def log_evidence(self) -> float:
        """Return minus the logarithm of the p-value; this method has no e-value."""
        return self.evidence

    def waiting(self) -> str | None:
        """Say what the first look waits for."""
        if self.last is not None:
            return None
        return f"the first of {self.design.looks} looks comes later"

    def state(self) -> dict[str, Any]:
        """Return the looks so far."""
        return {
            "times": self.times,
            "scores": self.scores,
            "last": [self.last.lower, self.last.upper] if self.last else None,
            "evidence": self.evidence,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the looks."""
        self.times, self.scores = list(state["times"]), list(state["scores"])
        self.last = Interval(*state["last"]) if state["last"] else None
        self.evidence = float(state["evidence"])
