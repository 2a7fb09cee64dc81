"""What runs of the shared pool are wanted."""

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from modelwright.accounts.models import User
from modelwright.runs.listing.counting import texts_at_most
from modelwright.runs.listing.texts import texts_having, texts_maybe_having
from modelwright.runs.models import RunText, TrainingRun
from modelwright.runs.selectors import training_runs

FEW = 5000
MANY = 200_000
"""Texts from which on a walk along an index comes across one soon, wherever it begins."""
OWN_ORDER = {"status": "status", "user_id": "user__username"}


@dataclass(frozen=True)
class Wanted:
    """Every filter of the list; empty ones let everything through.

    Attributes
    ----------
    statuses : tuple of str
    user : str
        Exact name.
    version : str
        Exact version.
    version_has : str
        Part of the version.
    words : tuple of str
        Each anywhere in version, data set path, notes, error message or user name.
    number : int or None
        A run that is found as if it had the words.
    since, until : datetime or None
        When it was submitted: from, and before.
    """

    statuses: tuple[str, ...] = ()
    user: str = ""
    version: str = ""
    version_has: str = ""
    words: tuple[str, ...] = ()
    number: int | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    @property
    def has_texts(self) -> bool:
        """Return whether something is searched for."""
        return bool(self.words or self.version_has)

    @property
    def without_texts(self) -> "Wanted":
        """Return the filters without the search."""
        return replace(self, words=(), version_has="", number=None)

    @property
    def of_all_statuses(self) -> "Wanted":
        """Return the filters without that of the status."""
        return replace(self, statuses=())

    @property
    def texts(self) -> QuerySet[RunText]:
        """Return the texts of the runs that are searched for, in any order."""
        return texts_having(self.words, self.version_has)

    def texts_of(self, few: QuerySet[RunText]) -> QuerySet[RunText]:
        """Return those of a few texts that are searched for."""
        return texts_having(self.words, self.version_has, few)

    @cached_property
    def candidates(self) -> QuerySet[RunText] | None:
        """Return the texts among which those of `texts` are; None: too many, or no index does."""
        found = texts_maybe_having(self.words, self.version_has)
        return found if found is not None and texts_at_most(found, MANY) else None

    @cached_property
    def few(self) -> list[int] | None:
        """Return the runs that a filter lets through, if they are few; others may narrow them."""
        if self.version:
            named = TrainingRun.objects.filter(model_version=self.version)
            return list(named.order_by().values_list("number", flat=True))
        if self.has_texts:
            texts = self.texts.values_list("number", flat=True)
            if (found := _if_few(texts)) is not None:
                return found if self.number is None else [*found, self.number]
        if self.statuses:
            runs = training_runs().select_related(None).order_by()
            named = runs.filter(status__in=self.statuses)
            return _if_few(named.values_list("number", flat=True))
        return None

    def runs(self, by: str = "") -> QuerySet[TrainingRun]:
        """Return the runs, in any order.

        Parameters
        ----------
        by : str
            The column whose index is walked along: databases are kept from going by another one,
            which would have them sort all that they find.
        """
        runs = training_runs().select_related(None).order_by()
        if self.few is not None:
            runs = runs.filter(number__in=self.few)
        if self.has_texts:
            here = self.texts_of(RunText.objects.filter(number=OuterRef("number")))
            runs = runs.filter(Exists(here) | Q(number=self.number or 0))
        if self.statuses:
            runs = _narrowed(runs, "status", self.statuses, by)
        if self.user:
            users = User.objects.filter(username=self.user).values_list("pk", flat=True)
            runs = _narrowed(runs, "user_id", tuple(users), by)
        if self.since:
            runs = runs.filter(created_at__gte=self.since)
        if self.until:
            runs = runs.filter(created_at__lt=self.until)
        return runs


def _if_few(numbers: QuerySet[Any, int]) -> list[int] | None:
    found = list(numbers[: FEW + 1])
    return found if len(found) <= FEW else None


def _narrowed(
    runs: QuerySet[TrainingRun], column: str, values: tuple[object, ...], by: str
) -> QuerySet[TrainingRun]:
    """Keep rows with some value; unless they are in order there, not by an index of the column."""
    if by in ("number", OWN_ORDER[column]) and len(values) == 1:
        return runs.filter(**{column: values[0]})
    if by:
        runs = runs.alias(**{f"held_{column}": Coalesce(F(column), F(column))})
        column = f"held_{column}"
    return runs.filter(**{f"{column}__in": values})
