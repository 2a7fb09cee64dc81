"""A test of two models of which each row is answered by one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.engine.abtest.blocks import Floats
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.groups import KeyGroups
from modelwright.engine.abtest.methods.asymptotic import AsymptoticMethod
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

    The split is that of the test and doesn't change; for another one start a new test. Where keys
    are sticky (see `assign`) and come more than once, give them: rows of one key err together.
    `sample_ratio` counts rows; with sticky keys use a `SampleRatio` of your own, of distinct keys.

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
        self.groups = KeyGroups()
        self.accumulator = Accumulator(
            "asymptotic", Design(alpha=alpha, margin=margin, period=period, **design)
        )

    def update(
        self,
        losses: ArrayLike,
        arms: Sequence[str] | NDArray[np.str_],
        at: datetime | str | None = None,
        keys: Sequence[str | int] | None = None,
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
        keys : sequence of (str or int), shape (n_rows,), optional
            Whom each row belongs to; with every batch or with none.

        Raises
        ------
        ABTestError
            The losses are no numbers, an arm is neither, or keys are missing. Nothing was taken.
        """
        found = checked_losses(losses, "losses")
        named = np.asarray(arms)
        if named.shape != found.shape or not np.isin(named, (CHAMPION, CHALLENGER)).all():
            raise ABTestError("arms must have a or b for each loss.")
        if not len(found):
            return
        self._check_keys(keys, len(found))
        second = named == CHALLENGER
        held = self.accumulator
        differences, sums, counts = pseudo_differences(
            found, second, self.ratio.split, held.sums, held.counts
        )
        held.sums, held.counts = sums, counts
        if keys is None:
            self.ratio.add(int((~second).sum()), int(second.sum()))
        else:
            # The very first row of all stands for no difference.
            self.groups.add(
                keys[len(found) - len(differences) :],
                differences,
                second[len(found) - len(differences) :].astype(int),
            )
            self._watch_groups()
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
        groups = self.groups.to_dict() if self.keyed else None
        return {**self.accumulator.to_dict(), "ratio": self.ratio.to_dict(), "groups": groups}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SplitTest":
        """Make a test of what `to_dict` gave; it goes on as if nothing had been."""
        ratio = SampleRatio.from_dict(data["ratio"])
        test = cls(ratio.split, **Design.from_dict(data["design"]).__dict__)
        test.ratio = ratio
        test.accumulator.restore(data)
        if data["groups"]:
            test.groups = KeyGroups.from_dict(data["groups"])
            test._watch_groups()
        test.accumulator.hold = test._too_few()
        return test

    @property
    def keyed(self) -> bool:
        """Whether rows came with keys."""
        return bool(self.groups.counts.any())

    def _check_keys(self, keys: Sequence[str | int] | None, rows: int) -> None:
        if keys is not None and len(keys) != rows:
            raise ABTestError(f"There are {len(keys)} keys of {rows} losses.")
        if self.accumulator.rows > 1 and self.keyed != (keys is not None):
            raise ABTestError("Give keys with every batch or with none.")

    def _watch_groups(self) -> None:
        if isinstance(self.accumulator.method, AsymptoticMethod):
            self.accumulator.method.groups = self.groups

    def _too_few(self) -> str | None:
        fewest = int(self.accumulator.counts.min())
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
