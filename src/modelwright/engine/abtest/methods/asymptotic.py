"""An asymptotic confidence sequence on block means: any loss, any dependence that dies away."""

from typing import ClassVar

from modelwright.engine.abtest.blocks import Blocks, Floats
from modelwright.engine.abtest.dependence import SMALLEST, Summary, summarise
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.groups import KeyGroups
from modelwright.engine.abtest.methods.base import Method
from modelwright.engine.abtest.mixture import DEFAULT_ROWS, NormalMixture
from modelwright.engine.abtest.results import Interval
from modelwright.engine.abtest.scores import normal_score, ratio_of


class AsymptoticMethod(Method):
    """The asymptotic confidence sequence, on means of blocks that don't depend on each other.

    Beside the paper's: blocks (see `summarise`); a correction for skewness and for the estimated
    standard error (see `normal_score`); a start that waits until some 20 rows carry the sum; and,
    where the test was planned, a mixture around the planned effect (see `NormalMixture`).

    Parameters
    ----------
    design : Design
        What is fixed before.
    blocks : Blocks
        The differences so far.

    References
    ----------
    Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Time-uniform central limit theory and
    asymptotic confidence sequences, Ann. Statist. 52 (arXiv 2103.06476).

    Examples
    --------
    >>> import numpy as np
    >>> blocks = Blocks()
    >>> blocks.add(np.random.default_rng(0).normal(1.0, 2.0, size=(400, 1)))
    >>> found = AsymptoticMethod(Design(), blocks).interval()
    >>> round(found.lower, 2), round(found.upper, 2)
    (0.61, 1.24)
    """

    name: ClassVar[str] = "asymptotic"

    def __init__(self, design: Design, blocks: Blocks) -> None:
        super().__init__(design, blocks)
        self.mixture = mixture_for(design)
        self.groups: KeyGroups | None = None

    def summary(self) -> Summary | None:
        """Return what the blocks show, and the groups of keys where there are such."""
        found = summarise(self.blocks)
        return found if found is None or self.groups is None else self.groups.widen(found)

    def interval(self) -> Interval | None:
        """Return the interval, or None before block means are enough and independent."""
        summary = self.summary()
        if summary is None or not summary.ready[0]:
            return None
        lower, upper = limits(summary, self.mixture, self.design.alpha)
        return Interval(float(lower[0]), float(upper[0]))

    def log_evidence(self) -> float:
        """Return the evidence against no difference."""
        summary = self.summary()
        if summary is None or not summary.ready[0]:
            return 0.0
        return float(evidence(summary, self.mixture)[0])

    def log_evidence_above(self, difference: float) -> float:
        """Return the evidence against a difference of at most so much."""
        summary = self.summary()
        if summary is None or not summary.ready[0]:
            return 0.0
        score = score_against(summary, difference)
        found = self.mixture.log_evidence_above(score, summary.count * summary.length)
        return float(found[0])

    def waiting(self) -> str | None:
        """Say why there is no interval yet."""
        summary = self.summary()
        if summary is None:
            return self.blocks.too_few()
        if not summary.independent[0]:
            return (
                "the differences depend on each other, and there aren't yet 30 blocks long enough"
                " for their means not to"
            )
        if summary.error[0] <= SMALLEST:
            return "the difference is the same in every row, which doesn't show how sure it is"
        if self.groups is not None and not summary.enough[0]:
            return "too few keys, or a few of them outweigh the others"
        if not summary.enough[0]:
            return "too few rows differ, or a few large differences outweigh the others"
        return None

    def block_length(self) -> int | None:
        """Return the length of the blocks that were chosen."""
        summary = summarise(self.blocks)
        return None if summary is None else int(summary.length[0])


def mixture_for(design: Design) -> NormalMixture:
    """Return the mixture that a design asks for."""
    if design.planned_rows is None:
        return NormalMixture.for_rows(DEFAULT_ROWS, design.alpha)
    return NormalMixture.for_plan(design.planned_rows)


def score_against(summary: Summary, difference: float = 0.0) -> Floats:
    """Return the normal score of the mean against a difference, one for each run."""
    ratio = (summary.mean - difference) / summary.error
    return normal_score(ratio, summary.count, summary.skewness)


def evidence(summary: Summary, mixture: NormalMixture) -> Floats:
    """Return the logarithm of the e-value against no difference, one for each run."""
    return mixture.log_evidence(score_against(summary), summary.count * summary.length)


def limits(summary: Summary, mixture: NormalMixture, alpha: float) -> tuple[Floats, Floats]:
    """Return lower and upper ends of the interval, one for each run."""
    score = mixture.boundary(summary.count * summary.length, alpha)
    above = ratio_of(score, summary.count, summary.skewness)
    below = ratio_of(-score, summary.count, summary.skewness)
    return summary.mean - summary.error * above, summary.mean - summary.error * below
