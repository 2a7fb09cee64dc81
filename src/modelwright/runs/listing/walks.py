"""Walking along an index: some rows from a place on, or so many rows in.

A list falls into stretches that one index holds in a row: the runs with a value and those without,
or those of one user after another. What a walk reads are values and numbers, which stand in the
index; the rows come afterwards.
"""

from abc import ABC, abstractmethod
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from modelwright.accounts.models import User
from modelwright.runs.listing.orders import KEY, Order
from modelwright.runs.listing.places import Place
from modelwright.runs.models import TrainingRun

Found = list[Place]


class Stretch(ABC):
    """Rows that follow each other in a list."""

    def __init__(self, runs: QuerySet[TrainingRun], order: Order) -> None:
        self.runs = runs
        self.order = order

    @abstractmethod
    def holds(self, place: Place) -> bool:
        """Return whether a place lies in it."""

    @abstractmethod
    def behind(self, place: Place | None, limit: int) -> Found:
        """Return the rows behind a place, or the first ones."""

    @abstractmethod
    def at(self, offset: int, limit: int) -> Found:
        """Return rows, the first `offset` left out."""

    def count(self) -> int:
        """Return how many rows there are."""
        return self.runs.count()


class Even(Stretch):
    """Rows with the same value, by number.

    Parameters
    ----------
    runs, order
    value : object
        Of all of them.
    by : str
        The first column of their index: PostgreSQL knows it only if it is named.
    """

    def __init__(self, runs: QuerySet[TrainingRun], order: Order, value: Any, by: str = "") -> None:
        super().__init__(runs, order)
        self.value = value
        self._by = by

    def holds(self, place: Place) -> bool:
        """Return whether the value is the same."""
        return bool(place.value == self.value)

    def behind(self, place: Place | None, limit: int) -> Found:
        """Return the rows with further numbers."""
        return self._read(_beyond(self.runs, place, self.order), 0, limit)

    def at(self, offset: int, limit: int) -> Found:
        """Return rows by number."""
        return self._read(self.runs, offset, limit)

    def _read(self, runs: QuerySet[TrainingRun], offset: int, limit: int) -> Found:
        sign = "-" if self.order.newest_first else ""
        terms = [f"{sign}{name}" for name in (self._by, "number") if name]
        numbers = runs.order_by(*terms).values_list("number", flat=True)
        return [Place(self.value, n) for n in numbers[offset : offset + limit]]


class Valued(Stretch):
    """Rows with a value, by value.

    One index serves both directions: where numbers go the other way than values, the values of a
    page are read first, and then the rows of the last value, which may be many, by themselves.
    """

    def holds(self, place: Place) -> bool:
        """Return whether there is a value."""
        return place.value is not None

    def behind(self, place: Place | None, limit: int) -> Found:
        """Return the rows of the place's own value first, then those of others."""
        if place is None:
            return self._groups(self.runs, limit)
        found = self._same(place.value).behind(place, limit)
        return found + self._groups(self._past(place.value), limit - len(found))

    def at(self, offset: int, limit: int) -> Found:
        """Return rows: the value at which they begin is the same, however its rows are sorted."""
        found = self._read(self.runs, offset, limit)
        if self._is_straight or not found:
            return found
        value = found[0].value
        ahead = self.runs.filter(**{f"{KEY}__{'gt' if self.order.down else 'lt'}": value}).count()
        found = self._same(value).at(max(offset - ahead, 0), limit)
        return found + self._groups(self._past(value), limit - len(found))

    @property
    def _is_straight(self) -> bool:
        return self.order.down == self.order.newest_first

    def _same(self, value: Any) -> Even:
        return Even(self.runs.filter(**{KEY: value}), self.order, value)

    def _past(self, value: Any) -> QuerySet[TrainingRun]:
        return self.runs.filter(**{f"{KEY}__{'lt' if self.order.down else 'gt'}": value})

    def _read(self, runs: QuerySet[TrainingRun], offset: int, limit: int) -> Found:
        sign = "-" if self.order.down else ""
        rows = runs.order_by(f"{sign}{KEY}", f"{sign}number").values_list(KEY, "number")
        return [Place(value, number) for value, number in rows[offset : offset + limit]]

    def _groups(self, runs: QuerySet[TrainingRun], limit: int) -> Found:
        found = self._read(runs, 0, limit) if limit > 0 else []
        if self._is_straight or not found:
            return found
        groups = [list(group) for _, group in groupby(found, key=lambda place: place.value)]
        whole = [place for group in groups[:-1] for place in reversed(group)]
        last = self._same(found[-1].value).behind(None, limit - len(whole))
        return whole + last


class Walk:
    """A list of runs in some order.

    Parameters
    ----------
    runs : QuerySet
        In any order.
    order : Order
    """

    def __init__(self, runs: QuerySet[TrainingRun], order: Order) -> None:
        self._runs = runs.select_related(None)
        self._order = order

    def behind(self, place: Place | None, limit: int) -> Found:
        """Return the rows behind a place (or the first ones), at most `limit`."""
        stretches = _stretches(self._runs, self._order, place)
        if place is not None and stretches and not stretches[0].holds(place):
            place = None
        found: Found = []
        for stretch in stretches:
            found += stretch.behind(place, limit - len(found))
            place = None
            if len(found) >= limit:
                break
        return found

    def before(self, place: Place, limit: int) -> Found:
        """Return the rows before a place, in the order of the list."""
        return self._turned().behind(place, limit)[::-1]

    def _turned(self) -> "Walk":
        """Return the same list from its end."""
        return Walk(self._runs, self._order.reversed)

    def at(self, offset: int, limit: int) -> Found:
        """Return rows, the first `offset` left out."""
        found: Found = []
        for stretch in _stretches(self._runs, self._order, None):
            found += stretch.at(offset, limit - len(found))
            if len(found) >= limit:
                break
            offset = 0 if found else offset - stretch.count()
        return found


def _stretches(runs: QuerySet[TrainingRun], order: Order, start: Place | None) -> list[Stretch]:
    """Return what a list consists of, from the stretch on in which a place lies."""
    if order.column == "number":
        return [_Numbered(runs, order)]
    if order.column == "user__username":
        found = _by_users(runs, order, start)
        gap: Stretch = Even(runs.filter(user__isnull=True), order, None, "user_id")
    else:
        keyed = runs.annotate(**{KEY: order.sortable.column})
        if not order.sortable.has_gaps:
            return [Valued(keyed, order)]
        found = [Valued(keyed.filter(**{f"{KEY}__isnull": False}), order)]
        gap = Even(keyed.filter(**{f"{KEY}__isnull": True}), order, None, KEY)
    in_gap = start is not None and start.value is None
    if order.gaps_first:
        return [gap, *found] if start is None or in_gap else found
    return [gap] if in_gap else [*found, gap]


class _Numbered(Stretch):
    """All rows, by number."""

    def holds(self, place: Place) -> bool:
        """Return True."""
        return True

    def behind(self, place: Place | None, limit: int) -> Found:
        """Return the rows with further numbers."""
        return self._read(_beyond(self.runs, place, self._direction), 0, limit)

    def at(self, offset: int, limit: int) -> Found:
        """Return rows by number."""
        return self._read(self.runs, offset, limit)

    @property
    def _direction(self) -> Order:
        return Order(newest_first=self.order.down)

    def _read(self, runs: QuerySet[TrainingRun], offset: int, limit: int) -> Found:
        numbers = runs.order_by("-number" if self.order.down else "number").values_list(
            "number", flat=True
        )
        return [Place(n, n) for n in numbers[offset : offset + limit]]


def _by_users(runs: QuerySet[TrainingRun], order: Order, start: Place | None) -> list[Stretch]:
    """Return the runs of each user; users are few beside runs, and each has a place in an index."""
    users = users_with_runs().order_by("-username" if order.down else "username")
    if start is not None and start.value is not None:
        users = users.filter(**{f"username__{'lte' if order.down else 'gte'}": start.value})
    return [
        Even(runs.filter(user_id=key), order, name)
        for key, name in users.values_list("pk", "username")
    ]


def users_with_runs() -> QuerySet[User]:
    """Return everybody who has trained something of the shared pool; one look at an index each."""
    theirs = TrainingRun.objects.filter(
        experiment__isnull=True, machine__isnull=True, user=OuterRef("pk")
    )
    return User.objects.filter(Exists(theirs.order_by()))


def _beyond(
    runs: QuerySet[TrainingRun], place: Place | None, order: Order
) -> QuerySet[TrainingRun]:
    if place is None:
        return runs
    return runs.filter(**{f"number__{'lt' if order.newest_first else 'gt'}": place.number})
