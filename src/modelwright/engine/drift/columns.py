"""What every column of a profile can do: give each of its values a cell, and count."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MISSING, INVALID = -2, -1
"""The last two cells of every column: nothing there; not a finite number."""


class Column(ABC):
    """One column of a profile.

    Its values fall into cells, numbered from 0; the last two count what is missing and what is
    invalid. Counts of cells are all that is ever kept of the rows.

    Attributes
    ----------
    kind : str
        ``"numeric"`` or ``"category"``.
    name : str
        Of the column.
    reference : ndarray of int
        How many rows of the reference fell into each cell.
    """

    kind: ClassVar[str]
    name: str
    reference: Ints

    @property
    def size(self) -> int:
        """How many cells there are, the last two included."""
        return len(self.reference)

    @property
    def present(self) -> int:
        """How many rows of the reference had a valid value."""
        return int(self.reference[:MISSING].sum())

    @abstractmethod
    def cells(self, array: NDArray[Any]) -> Ints:
        """Return the cell of each row."""

    def count(self, array: NDArray[Any]) -> Ints:
        """Return how many rows fall into each cell."""
        return np.bincount(self.cells(array), minlength=self.size)

    @abstractmethod
    def pack(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Return the column as JSON-safe values and arrays."""
