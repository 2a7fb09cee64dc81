"""Dropping combinations that are surely worse before all their folds are computed."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import t as student

from modelwright.engine.search.results import COMPLETE, Trial

FIRST_FOLDS = 3
LEVEL = 0.05


class Race:
    """Compares each combination with the best one, fold by fold.

    Both were scored on the same folds, so their differences are tested, by the t-test that Nadeau
    and Bengio corrected for training rows that the folds share.

    Parameters
    ----------
    folds : int
        How many there are.
    level : float
        A combination is dropped where so small a share of races between equals would show as large
        a difference.

    References
    ----------
    Maron, Moore (1997), The Racing Algorithm, Artificial Intelligence Review 11; Nadeau, Bengio
    (2003), Inference for the Generalization Error, Machine Learning 52.

    Examples
    --------
    >>> race = Race(5)
    >>> scores = {0: [0.90, 0.92, 0.91], 1: [0.60, 0.63, 0.60], 2: [0.89, 0.93, 0.91]}
    >>> list(race.losers(scores))
    [1]
    """

    def __init__(self, folds: int, level: float = LEVEL) -> None:
        self.folds = folds
        self.level = level
        self.champion: Trial | None = None

    @property
    def first_folds(self) -> int:
        """How many folds everybody runs."""
        return min(FIRST_FOLDS, self.folds)

    def note(self, trial: Trial) -> None:
        """Remember the best trial that ran all folds."""
        if trial.status != COMPLETE or trial.mean is None:
            return
        if self.champion is None or trial.mean > (self.champion.mean or -math.inf):
            self.champion = trial

    def losers(self, scores: Mapping[int, Sequence[float]]) -> dict[int, str]:
        """Return the combinations to drop, and why.

        Parameters
        ----------
        scores : mapping
            Number -> scores of the folds so far, as many for each; none failed.
        """
        rivals = dict(scores)
        run = min((len(found) for found in scores.values()), default=0)
        if self.champion is not None:
            rivals[self.champion.number] = [s or 0.0 for s in self.champion.fold_scores[:run]]
        if run < 2 or len(rivals) < 2:
            return {}
        best = max(rivals, key=lambda number: (float(np.mean(rivals[number])), -number))
        found: dict[int, str] = {}
        for number in scores:
            behind = np.subtract(rivals[best], rivals[number])
            p = self._p_value(behind)
            if number != best and p < self.level:
                found[number] = (
                    f"dropped after {run} of {self.folds} folds: {behind.mean():.4g} behind"
                    f" combination {best + 1} (paired t-test, p = {p:.2g})"
                )
        return found

    def _p_value(self, behind: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
        mean = float(behind.mean())
        if mean <= 0:
            return 1.0
        run = len(behind)
        variance = float(behind.var(ddof=1)) * (1 / run + 1 / (self.folds - 1))
        if variance <= 0:
            return 0.0
        return float(student.sf(mean / math.sqrt(variance), run - 1))
