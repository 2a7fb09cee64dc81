"""What every comparison of a column with its reference can do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.category import CategoryColumn
from modelwright.engine.drift.columns import MISSING, Column, Floats, Ints
from modelwright.engine.drift.numeric import NumericColumn

FEW_ATOMS = 10
ROWS_AN_ATOM = 20
BINS = 10


@dataclass(frozen=True, eq=False)
class Pair:
    """Rows of the reference and of a window by cell, side by side.

    Parameters
    ----------
    column : Column
        Whose cells they are.
    current : ndarray of int
        Rows of the window by cell, missing and invalid ones last.
    """

    column: Column
    current: Ints

    @cached_property
    def ref(self) -> Ints:
        """Rows of the reference by cell, valid ones only."""
        return self.column.reference[:MISSING]

    @cached_property
    def cur(self) -> Ints:
        """Rows of the window by cell, valid ones only."""
        return self.current[:MISSING]

    @cached_property
    def n_ref(self) -> int:
        """Valid rows of the reference."""
        return int(self.ref.sum())

    @cached_property
    def n_cur(self) -> int:
        """Valid rows of the window."""
        return int(self.cur.sum())

    @property
    def numeric(self) -> NumericColumn | None:
        """The column where it is one of numbers."""
        return self.column if isinstance(self.column, NumericColumn) else None

    @cached_property
    def few(self) -> bool:
        """Whether a number has so few different values that it is treated as categories."""
        column = self.numeric
        if column is None or not column.atoms:
            return False
        different = int(np.count_nonzero(self.ref))
        return different <= FEW_ATOMS and self.n_ref >= ROWS_AN_ATOM * different

    @property
    def own(self) -> NDArray[np.bool_]:
        """Which cells stand for one value, not for all others together."""
        own = np.ones(len(self.ref), dtype=np.bool_)
        if isinstance(self.column, CategoryColumn):
            own[self.column.other] = False
        return own

    @property
    def by_category(self) -> bool:
        """Whether the cells are compared without regard to their order."""
        return isinstance(self.column, CategoryColumn) or self.few

    @property
    def comparable(self) -> bool:
        """Whether both sides have a valid row."""
        return self.n_ref > 0 and self.n_cur > 0

    @cached_property
    def cum_ref(self) -> Floats:
        """Distribution of the reference below and at each edge."""
        return np.cumsum(self.ref) / max(1, self.n_ref)

    @cached_property
    def cum_cur(self) -> Floats:
        """Distribution of the window below and at each edge."""
        return np.cumsum(self.cur) / max(1, self.n_cur)

    @cached_property
    def rows(self) -> float:
        """Rows that one sample would need to know as much as both: nm / (n + m)."""
        return self.n_ref * self.n_cur / max(1, self.n_ref + self.n_cur)

    @cached_property
    def binned(self) -> tuple[Ints, Ints]:
        """Rows of both sides by tenth of the reference, or by category."""
        if self.by_category:
            filled = (self.ref + self.cur) > 0
            return self.ref[filled], self.cur[filled]
        before = self.cum_ref - self.ref / max(1, self.n_ref)
        number = np.minimum((before * BINS + 1e-9).astype(np.int64), BINS - 1)
        starts = np.flatnonzero(np.diff(number, prepend=-1))
        return np.add.reduceat(self.ref, starts), np.add.reduceat(self.cur, starts)


@dataclass(frozen=True)
class Compared:
    """What a comparison found.

    Attributes
    ----------
    statistic : float
        By the definition of the comparison.
    p_value : float or None
        How often it is as large without drift; None where the comparison is no test.
    effect : float
        How large the difference is, free of the number of rows.
    note : str
        For people; empty where there is nothing to say.
    """

    statistic: float
    p_value: float | None
    effect: float
    note: str = ""


class Comparison(ABC):
    """Compares a column of a window with its reference.

    Laws, which the contract tests hold every one to: equal shares give effect 0; everything lies
    within its range; one value more changes next to nothing; tests reject at most as often as they
    say where there is no drift.

    Attributes
    ----------
    name : str
        As results spell it.
    floor : float
        A smaller effect is of no interest, however significant.
    weight : float
        Share of the allowed false alarms, beside other tests.
    is_test : bool
        Whether it gives a p-value.
    """

    name: ClassVar[str]
    floor: ClassVar[float]
    weight: ClassVar[float] = 1.0
    is_test: ClassVar[bool] = False

    @abstractmethod
    def applies(self, pair: Pair) -> bool:
        """Return whether it has a meaning for the column."""

    @abstractmethod
    def compare(self, pair: Pair) -> Compared:
        """Return what it finds."""
