"""A test of two models of which each row is answered by one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.engine.abtest.blocks import Floats
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.paired import Accumulator, checked_losses
from modelwright.engine.abtest.ratio import RatioResult, SampleRatio
from modelwright.engine.abtest.results import CHALLENGER, CHAMPION, ABResult

FEWEST_OF_AN_ARM = 100


class SplitTest:
    """Compares two models of which each row was answered by one, dealt at random.

    Each row stands for a difference: its loss, less what was usual for its model so far, over the
    probability that this model was dealt. The mean of these is that of the true differences,
    whatever the split, and the asymptotic confidence sequence runs on them. A paired test
    (`PairedTest`) needs far fewer rows and is to be preferred where both models can score each row.

    The split is that of the test and doesn't change; for another one start a new test. Rows of one
    key depend on each other where keys are sticky: give one row for each key (its mean loss).

    Parameters
    ----------
    split : float
        The challenger's share, above 0 and below 1.
    alpha, margin, period, **design
        As for `PairedTest`.

    References
    ----------
    Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Time-uniform central limit theory and
    asymptotic confidence sequences, Ann. Statist. 52 (arXiv 2103.06476), section 3.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> arms = np.where(random.random(3000) < 0.5, "b", "a")
    >>> losses = random.exponential(np.where(arms == "b", 0.7, 1.0))
    >>> test = SplitTest(split=0.5)
    >>> test.update(losses, arms)
    >>> test.result().verdict
    'promote'
    """

    def __init__(
        self,
        split: float = 0.5,
        alpha: float = 0.05,
        margin: float = 0.0,
        period: int | None = None,
        **design: Any,
    ) -> None:
        self.ratio = SampleRatio(split)
        self.accumulator = Accumulator(
            "asymptotic", Design(alpha=alpha, margin=margin, period=period, **design)
        )

    def update(
        self,
        losses: ArrayLike,
        arms: Sequence[str] | NDArray[np.str_],
        at: datetime | str | None = None,
    ) -> None:
        """Take further rows and look at the result.

        Parameters
        ----------
        losses : array-like, shape (n_rows,)
            Of the model that answered; finite.
        arms : sequence of str, shape (n_rows,)
            ``a`` or ``b``: who answered.
        at : datetime or str, optional
            Time of the last row, for the history.

        Raises
        ------
        ABTestError
            The losses are no numbers, or an arm is neither. Nothing was taken then.
        """
        found = checked_losses(losses, "losses")
        named = np.asarray(arms)
        if named.shape != found.shape or not np.isin(named, (CHAMPION, CHALLENGER)).all():
            raise ABTestError("arms must have a or b for each loss.")
        if not len(found):
            return
        second = named == CHALLENGER
        held = self.accumulator
        differences, sums, counts = pseudo_differences(
            found, second, self.ratio.split, held.sums, held.counts
        )
        held.sums, held.counts = sums, counts
        self.ratio.add(int((~second).sum()), int(second.sum()))
        held.hold = self._too_few()
        held.rows += len(found)
        held.take(differences, at)

    def result(self) -> ABResult:
        """Return what is known after the rows so far."""
        return self.accumulator.result()

    def sample_ratio(self) -> RatioResult:
        """Return whether the traffic was split as asked for."""
        return self.ratio.result()

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain data that JSON can hold."""
        return {**self.accumulator.to_dict(), "ratio": self.ratio.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SplitTest":
        """Make a test of what `to_dict` gave; it goes on as if nothing had been."""
        ratio = SampleRatio.from_dict(data["ratio"])
        test = cls(ratio.split, **Design.from_dict(data["design"]).__dict__)
        test.ratio = ratio
        test.accumulator.restore(data)
        test.accumulator.hold = test._too_few()
        return test

    def _too_few(self) -> str | None:
        fewest = min(self.ratio.counts)
        if fewest >= FEWEST_OF_AN_ARM:
            return None
        return f"one model answered {fewest} of the {FEWEST_OF_AN_ARM} rows that it needs to"


def pseudo_differences(
    losses: Floats,
    challenged: NDArray[np.bool_],
    split: float,
    sums: Floats,
    counts: NDArray[np.int64],
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Turn losses of one model each into differences, loss of the champion minus the challenger's.

    Parameters
    ----------
    losses : ndarray, shape (n_rows,) or (n_rows, n_runs)
        Of the model that answered.
    challenged : ndarray of bool
        Whether that was the challenger.
    split : float
        The challenger's probability.
    sums, counts : ndarray, shape (2, ...)
        Of the losses before, champion first.

    Returns
    -------
    differences, sums, counts : ndarray
        Sums and counts with the new rows; there is no difference for the very first row of all.
    """
    means, after_sums, after_counts = [], [], []
    for arm, mine in enumerate((~challenged, challenged)):
        taken = np.where(mine, losses, 0.0)
        totals = sums[arm] + np.cumsum(taken, axis=0)
        rows = counts[arm] + np.cumsum(mine, axis=0)
        # Only what was known before a row may be taken off it.
        means.append((totals - taken, rows - mine))
        after_sums.append(totals[-1])
        after_counts.append(rows[-1])
    (total_a, rows_a), (total_b, rows_b) = means
    both = _mean(total_a + total_b, rows_a + rows_b, 0.0)
    usual_a, usual_b = _mean(total_a, rows_a, both), _mean(total_b, rows_b, both)
    away = np.where(challenged, -(losses - usual_b) / split, (losses - usual_a) / (1 - split))
    # Nothing is known before the very first row: it stands for no difference.
    start = int(not counts.sum())
    return (usual_a - usual_b + away)[start:], np.array(after_sums), np.array(after_counts)


def _mean(total: Floats, rows: NDArray[np.int64], otherwise: Floats | float) -> Floats:
    return np.asarray(np.where(rows > 0, total / np.maximum(rows, 1), otherwise))
