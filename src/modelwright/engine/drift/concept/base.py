"""What every detector of growing errors can do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.engine.drift.errors import DriftDataError, DriftFormatError
from modelwright.engine.drift.results import CONCEPT_DRIFT, NO_DRIFT

Floats = NDArray[np.float64]

LEAST_BASELINE = 30


@dataclass(frozen=True)
class ConceptResult:
    """Whether errors have grown.

    Attributes
    ----------
    drifted : bool
        Whether they have; stays so until the detector is reset.
    score, threshold : float
        Drift where the score has reached the threshold, 1.
    labels : int
        Errors seen since the last reset.
    alarm_at : int or None
        Which of them raised the alarm, from 1.
    baseline : float
        Mean loss that is taken as usual.
    recent : float
        Mean loss of late.
    """

    drifted: bool
    score: float
    threshold: float
    labels: int
    alarm_at: int | None
    baseline: float
    recent: float

    @property
    def drift_type(self) -> str:
        """``"concept_drift"`` or ``"no_drift"``."""
        return CONCEPT_DRIFT if self.drifted else NO_DRIFT


class ErrorDetector(ABC):
    """Watches the losses of a model, one after the other, for a rise.

    Laws, which the contract tests hold every one to: fed in pieces of whatever size it finds the
    same; `from_dict` of `to_dict` goes on as if nothing had been; missing losses change nothing;
    an alarm stays until `reset`; smaller losses raise none.

    Attributes
    ----------
    name : str
        As settings spell it.
    """

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def fit(cls, losses: ArrayLike, *, bounded: bool = False) -> Self:
        """Return a detector for what these losses are like.

        Parameters
        ----------
        losses : array-like of shape (labels,)
            Of rows that the model didn't learn from, in the order of their times; 0 or more.
        bounded : bool
            Whether losses lie between 0 and 1 (wrong or right, Brier). Others (absolute errors)
            are divided by their 99 % quantile and end at 1, so that no single one decides.
        """

    @abstractmethod
    def update(self, losses: ArrayLike) -> ConceptResult:
        """Take further losses in the order of their times; return what stands now."""

    @abstractmethod
    def reset(self) -> None:
        """Forget all losses, not the baseline: after an alarm was handled."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return settings and state, JSON-safe."""

    @classmethod
    @abstractmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Return the detector that `to_dict` described.

        Raises
        ------
        DriftFormatError
            Where it is none of this kind.
        """

    @classmethod
    def _own(cls, state: Mapping[str, Any]) -> None:
        if state.get("name") != cls.name:
            raise DriftFormatError(f"This is not the state of the detector {cls.name!r}.")


def usable(losses: ArrayLike) -> Floats:
    """Return the losses that are there.

    Raises
    ------
    DriftDataError
        Where one is negative.

    Examples
    --------
    >>> usable([0.5, None, 0.25]).tolist()
    [0.5, 0.25]
    """
    found = np.asarray(losses, dtype=np.float64).ravel()
    found = found[~np.isnan(found)]
    if bool((found < 0).any()):
        raise DriftDataError("A loss is negative: give absolute or squared errors.")
    return found


def baseline_of(losses: ArrayLike, *, bounded: bool) -> tuple[Floats, float]:
    """Return losses between 0 and 1, and what they were divided by.

    Where they aren't bounded, the first quarter gives the scale and only the rest is returned: the
    scale must not depend on what the mean is told from.

    Raises
    ------
    DriftDataError
        Where there are too few, or bounded ones beyond 1.
    """
    found = usable(losses)
    if len(found) < LEAST_BASELINE:
        raise DriftDataError(
            f"{len(found)} losses are too few to know what is usual: give {LEAST_BASELINE}"
            " at least."
        )
    if bounded:
        if float(found.max()) > 1:
            raise DriftDataError("A loss is beyond 1: say that losses are not bounded.")
        return found, 1.0
    first = max(LEAST_BASELINE // 3, len(found) // 4)
    scale = float(np.quantile(found[:first], 0.99)) or float(found.max()) or 1.0
    return np.minimum(found[first:] / scale, 1.0), scale
