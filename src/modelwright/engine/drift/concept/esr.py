"""An e-detector: a bet against the baseline at every time at once."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from modelwright.engine.drift.concept.base import (
    LEAST_BASELINE,
    ConceptResult,
    ErrorDetector,
    Floats,
    baseline_of,
    usable,
)
from modelwright.engine.drift.concept.bounds import independent_block, upper_bound
from modelwright.engine.drift.errors import DriftDataError, DriftFormatError

RUN_LENGTH = 1e5
CONFIDENCE = 0.99
BETS = tuple(0.1 * 2**step for step in range(7))
"""Share of the stake by how much the loss exceeds the baseline."""
MOST = 0.99
"""Of the largest bet that can't lose more than the stake."""
PIECE = 64
MEMORY = 200


class EDetector(ErrorDetector):
    """Mixture of e-SR detectors: at least so many losses between two false alarms, on average.

    For each bet b: M = (M + 1) (1 + b (loss - baseline)). Where the mean loss, given all before,
    isn't above the baseline, the mean of M grows by one a loss at most; the alarm at M = run length
    therefore comes after so many losses on average, or later, whatever the distribution. M is the
    average over the bets. The baseline is an upper bound of what was measured, which holds with 99
    %. Losses that depend on each other are averaged by block first; the run length then counts
    blocks.

    Parameters
    ----------
    baseline : float
        Mean loss that is usual, between 0 and 1 (after division by the scale).
    run_length : float
        Least mean number of losses (blocks) to a false alarm.
    scale : float
        What losses are divided by; they end at 1 then.
    block : int
        Losses that are averaged into one.

    References
    ----------
    Shin, Ramdas, Rinaldo (2022), E-detectors: a nonparametric framework for sequential change
    detection, arXiv 2203.03532; Roberts (1966), Technometrics 8 (Shiryaev-Roberts).

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> detector = EDetector.fit(random.random(5000) < 0.2, bounded=True)
    >>> detector.update(random.random(2000) < 0.2).drifted
    False
    >>> found = detector.update(random.random(500) < 0.5)
    >>> found.drifted, found.alarm_at < 2060
    (True, True)
    """

    name: ClassVar[str] = "e_detector"

    def __init__(
        self,
        baseline: float,
        run_length: float = RUN_LENGTH,
        scale: float = 1.0,
        block: int = 1,
    ) -> None:
        if not 0 < baseline <= 1 or run_length <= 1 or not scale > 0 or block < 1:
            raise DriftDataError(
                f"baseline {baseline}, run length {run_length}, scale {scale}, block {block}: give"
                " a baseline between 0 and 1, a run length above 1, a scale above 0 and a block of"
                " 1 or more."
            )
        self.baseline = baseline
        self.run_length = run_length
        self.scale = scale
        self.block = block
        self.reset()

    @classmethod
    def fit(
        cls,
        losses: ArrayLike,
        *,
        bounded: bool = False,
        run_length: float = RUN_LENGTH,
        confidence: float = CONFIDENCE,
    ) -> Self:
        """Return a detector for what these losses are like.

        Parameters
        ----------
        losses : array-like of shape (labels,)
            Of rows that the model didn't learn from, in the order of their times; 0 or more.
        bounded : bool
            As for every detector.
        run_length : float
            Least mean number of losses to a false alarm.
        confidence : float
            With which the baseline is an upper bound.

        Raises
        ------
        DriftDataError
            Where losses are too few, negative, or beyond 1 though bounded.
        """
        found, scale = baseline_of(losses, bounded=bounded)
        block = independent_block(found, len(found) // (LEAST_BASELINE // 2))
        whole = len(found) // block * block
        means = found[:whole].reshape(-1, block).mean(axis=1)
        # a model that never erred may err some time
        baseline = max(upper_bound(means, confidence), 1e-6)
        return cls(baseline, run_length, scale, block)

    def reset(self) -> None:
        """Forget all losses, not the baseline."""
        self.labels = 0
        self.alarm_at: int | None = None
        self.recent = 0.0
        self._seen = 0.0
        self._stakes = np.zeros(len(BETS))
        self._waiting: list[float] = []

    @property
    def _bets(self) -> Floats:
        bets: Floats = np.minimum(BETS, MOST / self.baseline)
        return bets

    def update(self, losses: ArrayLike) -> ConceptResult:
        """Take further losses in the order of their times; return what stands now."""
        found = np.minimum(usable(losses) / self.scale, 1.0)
        self._remember(found)
        if self.alarm_at is None:
            self._bet(found)
        self.labels += len(found)
        value = float(self._stakes.mean())
        score = math.log(max(value, 1.0)) / math.log(self.run_length)
        return ConceptResult(
            drifted=self.alarm_at is not None,
            score=max(score, 1.0) if self.alarm_at is not None else score,
            threshold=1.0,
            labels=self.labels,
            alarm_at=self.alarm_at,
            baseline=self.baseline * self.scale,
            recent=self.recent * self.scale,
        )

    def _bet(self, found: Floats) -> None:
        before = len(self._waiting)
        series = np.concatenate([self._waiting, found])
        whole = len(series) // self.block * self.block
        means = series[:whole].reshape(-1, self.block).mean(axis=1)
        self._waiting = series[whole:].tolist()
        for start in range(0, len(means), PIECE):
            alarm = self._piece(means[start : start + PIECE])
            if alarm is not None:
                self.alarm_at = self.labels + (start + alarm + 1) * self.block - before
                self._waiting = []
                return

    def _piece(self, means: Floats) -> int | None:
        """Multiply the stakes by some losses at once; return which of them raised the alarm."""
        factors = 1 + self._bets * (means[:, None] - self.baseline)
        product = np.cumprod(factors, axis=0)
        # M_t = P_t (M_0 + sum of 1 / P before each loss up to t)
        begun = np.cumsum(np.vstack([np.ones_like(self._bets), 1 / product[:-1]]), axis=0)
        stakes = product * (self._stakes + begun)
        over = np.flatnonzero(stakes.mean(axis=1) >= self.run_length)
        last = int(over[0]) if len(over) else len(means) - 1
        self._stakes = stakes[last]
        return last if len(over) else None

    def _remember(self, found: Floats) -> None:
        """Keep a mean of late, in which a loss counts e times less when 200 more have come."""
        late = found[-10 * MEMORY :]
        if not len(late):
            return
        keep = 1 - 1 / MEMORY
        weights = keep ** np.arange(len(late) - 1, -1, -1.0)
        old = self._seen * keep ** len(late)
        self._seen = old + float(weights.sum())
        self.recent += (float(weights @ late) - self.recent * (self._seen - old)) / self._seen

    def to_dict(self) -> dict[str, Any]:
        """Return settings and state, JSON-safe."""
        return {
            "name": self.name,
            "baseline": self.baseline,
            "run_length": self.run_length,
            "scale": self.scale,
            "block": self.block,
            "labels": self.labels,
            "alarm_at": self.alarm_at,
            "recent": self.recent,
            "seen": self._seen,
            "stakes": self._stakes.tolist(),
            "waiting": list(self._waiting),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Return the detector that `to_dict` described.

        Raises
        ------
        DriftFormatError
            Where it is none of this kind.
        """
        cls._own(state)
        try:
            detector = cls(
                float(state["baseline"]),
                float(state["run_length"]),
                float(state["scale"]),
                int(state["block"]),
            )
            detector.labels = int(state["labels"])
            detector.alarm_at = None if state["alarm_at"] is None else int(state["alarm_at"])
            detector.recent = float(state["recent"])
            detector._seen = float(state["seen"])
            stakes = np.array(state["stakes"], dtype=np.float64)
            detector._waiting = [float(value) for value in state["waiting"]]
        except (KeyError, TypeError, ValueError) as error:
            raise DriftFormatError("The stored detector is damaged: make it anew.") from error
        if stakes.shape != detector._stakes.shape:
            raise DriftFormatError("The stored detector is of another release: make it anew.")
        detector._stakes = stakes
        return detector
