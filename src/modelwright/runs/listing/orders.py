"""What runs are sorted by."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple

from django.db.models import F, Func, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from modelwright.runs.models import TrainingRun

KEY = "sorted_by"


class Start(Func):
    """The beginning of a text, exactly as `pool_tables.START` has it indexed."""

    template = "SUBSTR(%(expressions)s, 1, 100)"


@dataclass(frozen=True)
class Sortable:
    """A column that runs are sorted by.

    Attributes
    ----------
    column : F or Func
    kind : type
        Of its values.
    has_gaps : bool
        Whether a run may have none.
    """

    column: Combinable
    kind: type
    has_gaps: bool = False


SORTABLE = {
    "number": Sortable(F("number"), int),
    "created_at": Sortable(F("created_at"), dt.datetime),
    "model_version": Sortable(F("model_version"), str),
    "status": Sortable(F("status"), str),
    "accuracy": Sortable(F("accuracy"), float, has_gaps=True),
    "precision": Sortable(F("precision"), float, has_gaps=True),
    "recall": Sortable(F("recall"), float, has_gaps=True),
    "f1_score": Sortable(F("f1_score"), float, has_gaps=True),
    "training_duration_seconds": Sortable(F("training_duration_seconds"), float, has_gaps=True),
    "total_samples": Sortable(F("total_samples"), int, has_gaps=True),
    "n_estimators": Sortable(F("n_estimators"), int, has_gaps=True),
    "dataset_path": Sortable(Start("dataset_path"), str),
    "notes": Sortable(Start("notes"), str),
    "user__username": Sortable(F("user__username"), str, has_gaps=True),
}


class Term(NamedTuple):
    """One of the columns that a list is sorted by, and whether the largest come first."""

    column: str
    down: bool


@dataclass(frozen=True)
class Order:
    """By a column, runs without a value last, and among equals by number.

    Parameters
    ----------
    column : str
        One of `SORTABLE`.
    down : bool
        The largest first.
    newest_first : bool
        Among equals.
    gaps_first : bool
        Runs without a value come first.
    further : tuple of Term
        Columns that decide among equals before the number does. No index helps with them, and no
        place can be told.
    """

    column: str = "number"
    down: bool = True
    newest_first: bool = True
    gaps_first: bool = False
    further: tuple[Term, ...] = ()

    @classmethod
    def by(cls, terms: Sequence[Term]) -> "Order":
        """Return the order by some columns, the newest run first unless they say otherwise."""
        before = list(takewhile(lambda term: term.column != "number", terms))
        down = terms[len(before)].down if len(before) < len(terms) else True
        if not before:
            return cls(down=down, newest_first=down)
        return cls(*before[0], newest_first=down, further=tuple(before[1:]))

    @property
    def reversed(self) -> "Order":
        """Return the order from behind."""
        return replace(
            self,
            down=not self.down,
            newest_first=not self.newest_first,
            gaps_first=not self.gaps_first,
        )

    @property
    def sortable(self) -> Sortable:
        """Return what is known of the column."""
        return SORTABLE[self.column]

    def sort(self, runs: QuerySet[TrainingRun], *, anew: bool = False) -> QuerySet[TrainingRun]:
        """Sort all of some runs, with the value as `KEY`.

        Parameters
        ----------
        runs : QuerySet
        anew : bool
            The database is kept from walking along the index of the column.
        """
        nulls = {"nulls_first": True} if self.gaps_first else {"nulls_last": True}
        terms = [Term(KEY, self.down), *self.further]
        columns = [F(name).desc(**nulls) if down else F(name).asc(**nulls) for name, down in terms]
        number = "-number" if self.newest_first else "number"
        column = self.sortable.column
        key = Coalesce(column, column) if anew else column
        return runs.annotate(**{KEY: key}).order_by(*columns, number)
