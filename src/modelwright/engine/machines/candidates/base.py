"""What every candidate for a baseline can do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.candidates.frame import Frame
from modelwright.engine.machines.series import Values

Rows = NDArray[np.bool_]
Folds = NDArray[np.int64]


@dataclass(frozen=True)
class Term:
    """One line of a coefficient table.

    Parameters
    ----------
    name : str
        As people read it.
    value : float
    standard_error : float or None
        None where the way of fitting gives none.
    """

    name: str
    value: float
    standard_error: float | None = None


class Candidate(ABC):
    """A way to explain energy by its drivers.

    Laws: rows outside `rows` are never looked at while fitting; `from_dict(to_dict())` predicts the
    same to the last bit; a prediction uses its own row only.

    Attributes
    ----------
    name, title : str
    parameters : float
        Degrees of freedom that the fit used, known after `fit`.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    def __init__(self) -> None:
        self.parameters = 0.0

    @classmethod
    @abstractmethod
    def suits(cls, frame: Frame, rows: Rows) -> bool:
        """Return whether the rows have what it takes."""

    @abstractmethod
    def cross_validate(self, frame: Frame, rows: Rows, folds: Folds) -> Values:
        """Return a prediction of each of `rows` by a fit to the other folds; NaN elsewhere."""

    @abstractmethod
    def fit(self, frame: Frame, rows: Rows) -> Self:
        """Learn from `rows` and return self. What `cross_validate` chose is kept."""

    @abstractmethod
    def predict(self, frame: Frame) -> Values:
        """Return the expected rate of each row; NaN where a driver is missing."""

    @abstractmethod
    def terms(self) -> list[Term]:
        """Return the coefficient table."""

    @abstractmethod
    def equation(self) -> str:
        """Return the right-hand side, as people read it."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""


def each_fold(rows: Rows, folds: Folds) -> list[tuple[Rows, Rows]]:
    """Return (rows to learn from, rows to predict) for each fold that has some of both.

    Examples
    --------
    >>> learn, test = each_fold(np.array([True, True]), np.array([0, 1]))[0]
    >>> learn.tolist(), test.tolist()
    ([False, True], [True, False])
    """
    parts = [(rows & (folds != fold), rows & (folds == fold)) for fold in np.unique(folds)]
    return [(learn, test) for learn, test in parts if learn.any() and test.any()]
