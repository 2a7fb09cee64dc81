"""ADWIN: a window that drops its older part where that differs from the newer one."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike

from modelwright.engine.drift.concept.base import (
    ConceptResult,
    ErrorDetector,
    baseline_of,
    usable,
)
from modelwright.engine.drift.errors import DriftFormatError

DELTA = 0.002
CLOCK = 32
BUCKETS = 5
"""Of each size; two of them become one of the next when there is one more."""
LEAST = 5
GRACE = 10

Bucket = tuple[float, float]
"""Sum of its losses, and their sum of squares about their mean."""


class Adwin(ErrorDetector):
    """Adaptive windowing on losses, an alarm where the newer part errs more.

    The window is kept as buckets of 1, 2, 4, … losses. Every 32 losses all places between two
    buckets are tried: where both sides' means differ by more than the bound allows, the oldest
    bucket goes. Kept as the reference: it needs no baseline, and finds changes later.

    Parameters
    ----------
    delta : float
        Smaller is surer.
    scale : float
        What losses are divided by; they end at 1 then.
    usual : float
        Mean loss of the baseline, for people.

    References
    ----------
    Bifet, Gavalda (2007), Learning from time-changing data with adaptive windowing, SDM.

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> detector = Adwin()
    >>> detector.update(random.random(2000) < 0.2).drifted
    False
    >>> detector.update(random.random(500) < 0.5).drifted
    True
    """

    name: ClassVar[str] = "adwin"

    def __init__(self, delta: float = DELTA, scale: float = 1.0, usual: float = 0.0) -> None:
        self.delta = delta
        self.scale = scale
        self.usual = usual
        self.reset()

    @classmethod
    def fit(cls, losses: ArrayLike, *, bounded: bool = False, delta: float = DELTA) -> Self:
        """Return a detector for what these losses are like; they only give scale and mean.

        Raises
        ------
        DriftDataError
            Where losses are too few, negative, or beyond 1 though bounded.
        """
        found, scale = baseline_of(losses, bounded=bounded)
        return cls(delta, scale, float(found.mean()))

    def reset(self) -> None:
        """Forget all losses, not the scale."""
        self.labels = 0
        self.alarm_at: int | None = None
        self.score = 0.0
        self._rows: list[list[Bucket]] = [[]]  # row r: buckets of 2**r losses, oldest first
        self._width = 0
        self._sum = 0.0
        self._squares = 0.0

    def update(self, losses: ArrayLike) -> ConceptResult:
        """Take further losses in the order of their times; return what stands now."""
        for loss in usable(losses).tolist():
            self.labels += 1
            self._insert(min(loss / self.scale, 1.0))
            if self.labels % CLOCK == 0 and self._width > GRACE:
                self._shrink()
        return ConceptResult(
            drifted=self.alarm_at is not None,
            score=max(self.score, 1.0) if self.alarm_at is not None else min(self.score, 0.999),
            threshold=1.0,
            labels=self.labels,
            alarm_at=self.alarm_at,
            baseline=self.usual * self.scale,
            recent=self._sum / self._width * self.scale if self._width else 0.0,
        )

    def _insert(self, loss: float) -> None:
        if self._width:
            off = loss - self._sum / self._width
            self._squares += off * off * self._width / (self._width + 1)
        self._width += 1
        self._sum += loss
        self._rows[0].append((loss, 0.0))
        for row, buckets in enumerate(self._rows):
            if len(buckets) <= BUCKETS:
                break
            if row + 1 == len(self._rows):
                self._rows.append([])
            first, second = buckets.pop(0), buckets.pop(0)
            self._rows[row + 1].append(_join(first, second, 2**row))

    def _shrink(self) -> None:
        """Drop oldest buckets for as long as both parts of the window differ somewhere."""
        self.score = 0.0
        while self._width > GRACE:
            found = self._worst_split()
            if found is None:
                return
            excess, growing = found
            if growing:
                self.score = max(self.score, excess)
            if excess <= 1:
                return
            if growing and self.alarm_at is None:
                self.alarm_at = self.labels
            self._drop()

    def _worst_split(self) -> tuple[float, bool] | None:
        """Return difference over bound where it is largest, and whether losses grew there."""
        spread = self._squares / self._width
        log = math.log(2 * math.log(self._width) / self.delta)
        old, old_sum = 0, 0.0
        worst: tuple[float, bool] | None = None
        for size, (total, _) in self._oldest_first():
            old += size
            old_sum += total
            new = self._width - old
            if new < LEAST:
                break
            if old < LEAST:
                continue
            apart = (self._sum - old_sum) / new - old_sum / old
            rows = 1 / (old - LEAST + 1) + 1 / (new - LEAST + 1)
            bound = math.sqrt(2 * rows * spread * log) + 2 / 3 * rows * log
            excess = abs(apart) / bound
            if worst is None or excess > worst[0]:
                worst = excess, apart > 0
        return worst

    def _oldest_first(self) -> Iterator[tuple[int, Bucket]]:
        for row in range(len(self._rows) - 1, -1, -1):
            for bucket in self._rows[row]:
                yield 2**row, bucket

    def _drop(self) -> None:
        while not self._rows[-1]:
            self._rows.pop()
        row = len(self._rows) - 1
        total, squares = self._rows[row].pop(0)
        size, left = 2**row, self._width - 2**row
        if left:
            off = total / size - (self._sum - total) / left
            self._squares -= squares + off * off * size * left / self._width
        self._squares = max(0.0, self._squares)
        self._width, self._sum = left, self._sum - total

    def to_dict(self) -> dict[str, Any]:
        """Return settings and state, JSON-safe."""
        return {
            "name": self.name,
            "delta": self.delta,
            "scale": self.scale,
            "usual": self.usual,
            "labels": self.labels,
            "alarm_at": self.alarm_at,
            "score": self.score,
            "rows": [[list(bucket) for bucket in row] for row in self._rows],
            "squares": self._squares,
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
            detector = cls(float(state["delta"]), float(state["scale"]), float(state["usual"]))
            detector.labels = int(state["labels"])
            detector.alarm_at = None if state["alarm_at"] is None else int(state["alarm_at"])
            detector.score = float(state["score"])
            rows = [[(float(a), float(b)) for a, b in row] for row in state["rows"]]
            detector._squares = float(state["squares"])
        except (KeyError, TypeError, ValueError) as error:
            raise DriftFormatError("The stored detector is damaged: make it anew.") from error
        detector._rows = rows or [[]]
        detector._width = sum(2**number * len(row) for number, row in enumerate(rows))
        detector._sum = math.fsum(total for row in rows for total, _ in row)
        return detector


def _join(first: Bucket, second: Bucket, size: int) -> Bucket:
    off = (first[0] - second[0]) / size
    return first[0] + second[0], first[1] + second[1] + off * off * size / 2
