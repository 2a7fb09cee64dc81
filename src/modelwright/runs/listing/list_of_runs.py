"""One page of a list of runs, and how many there are of each status."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Count as CountRows
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from modelwright.runs.listing.counting import EXACT, Count, count_of
from modelwright.runs.listing.orders import KEY, Order
from modelwright.runs.listing.places import Place
from modelwright.runs.listing.walks import Found, Walk, users_with_runs
from modelwright.runs.listing.wanted import Wanted
from modelwright.runs.models import RunText, TrainingRun
from modelwright.runs.pool_tables import FOUND_BY
from modelwright.runs.selectors import training_runs
from modelwright.runs.states import Status

SAMPLE = 2000
USERS_LISTED = 100
LOOKED_AT = 20
"""Texts are looked at by so many pages at once, where they lead."""


@dataclass(frozen=True)
class RunPage:
    """Some rows of a list.

    Attributes
    ----------
    runs : list of TrainingRun
        With the columns that were asked for, and their users.
    before, behind : Place or None
        Where the list goes on either way; None: no place can be told.
    is_first, is_last : bool
        Whether it doesn't go on.
    count : Count or None
        Of the whole list, where the page is the whole list.
    """

    runs: list[TrainingRun]
    before: Place | None
    behind: Place | None
    is_first: bool
    is_last: bool
    count: Count | None


def run_page(
    wanted: Wanted,
    order: Order,
    size: int,
    *,
    columns: Sequence[str],
    place: Place | None = None,
    offset: int = 0,
) -> RunPage:
    """Return a page: beside a place, at the same price anywhere; or so many rows in.

    Parameters
    ----------
    wanted : Wanted
    order : Order
    size : int
        Rows of the page.
    columns : sequence of str
        What is read of each run.
    place : Place, optional
        Where the page begins, or ends.
    offset : int
        Rows that are left out, where no place is given. They are counted along an index.
    """
    walk = _walk(wanted, order)
    if place is not None and place.before:
        found = walk.before(place, size + 1)
        is_first, is_last = len(found) <= size, False
        found = found[-size:]
    else:
        found = walk.at(offset, size + 1) if place is None else walk.behind(place, size + 1)
        is_first, is_last = place is None and not offset, len(found) <= size
        found = found[:size]
    known = bool(found) and not order.further
    return RunPage(
        _rows(found, columns),
        before=found[0].turned if known else None,
        behind=found[-1] if known else None,
        is_first=is_first,
        is_last=is_last,
        count=Count(len(found)) if is_first and is_last else None,
    )


def _rows(found: Found, columns: Sequence[str]) -> list[TrainingRun]:
    rows = training_runs().filter(number__in=[place.number for place in found])
    by_number = {run.number: run for run in rows.only("number", "user__username", *columns)}
    return [by_number[place.number] for place in found if place.number in by_number]


def _walk(wanted: Wanted, order: Order) -> Walk:
    if wanted.few is not None or order.further:
        return FewWalk(wanted.runs(order.column), order)
    if wanted.has_texts and order.column == "number":
        return TextWalk(wanted, order)
    is_sorted_anew = wanted.has_texts and wanted.number is None and order.column in FOUND_BY
    if is_sorted_anew and (candidates := wanted.candidates) is not None:
        return FoundWalk(wanted, candidates, order)
    return Walk(wanted.runs(order.column), order)


class FewWalk(Walk):
    """Runs so few that all of them are sorted, or in an order that no index has."""

    def behind(self, place: Place | None, limit: int) -> Found:
        """Return the rows behind a place."""
        found = self._all()
        if place is None:
            return found[:limit]
        return found[self._index(found, place) :][:limit]

    def at(self, offset: int, limit: int) -> Found:
        """Return rows, the first `offset` left out."""
        return self._all(offset + limit)[offset:]

    def _turned(self) -> Walk:
        return FewWalk(self._runs, self._order.reversed)

    def _all(self, limit: int | None = None) -> Found:
        anew = not self._order.further
        rows = self._order.sort(self._runs, anew=anew).values_list(KEY, "number")[:limit]
        return [Place(value, number) for value, number in rows]

    def _index(self, found: Found, place: Place) -> int:
        """Return where the rows behind a place begin; its own row may be gone."""
        here = Place(place.value, place.number)
        if here in found:
            return found.index(here) + 1
        for index, row in enumerate(found):
            if self._is_behind(row, place):
                return index
        return len(found)

    def _is_behind(self, row: Place, place: Place) -> bool:
        if row.value == place.value:
            return (row.number < place.number) == self._order.newest_first
        if row.value is None or place.value is None:
            return (place.value is None) == self._order.gaps_first
        return bool(row.value < place.value) == self._order.down


class SearchWalk(Walk, ABC):
    """Runs that are read in pieces, of which some are not wanted."""

    def behind(self, place: Place | None, limit: int) -> Found:
        """Return the rows behind a place."""
        return self._read(place, 0, limit)

    def at(self, offset: int, limit: int) -> Found:
        """Return rows, the first `offset` left out."""
        return self._read(None, offset, limit)

    @abstractmethod
    def _read(self, place: Place | None, offset: int, limit: int) -> Found:
        """Return rows behind a place, the first `offset` left out."""


class TextWalk(SearchWalk):
    """Runs by number that have a text which many have: the texts lead, wherever they begin."""

    def __init__(self, wanted: Wanted, order: Order) -> None:
        super().__init__(wanted.without_texts.runs(order.column), order)
        self._wanted = wanted

    def _turned(self) -> Walk:
        return TextWalk(self._wanted, self._order.reversed)

    def _read(self, place: Place | None, offset: int, limit: int) -> Found:
        down, last = self._order.down, None if place is None else place.number
        texts = self._wanted.texts.order_by("-number" if down else "number")
        found: list[int] = []
        look = LOOKED_AT * limit
        while len(found) < offset + limit:
            some = (
                texts
                if last is None
                else texts.filter(**{f"number__{'lt' if down else 'gt'}": last})
            )
            numbers = list(some.values_list("number", flat=True)[:look])
            end = numbers[-1] if len(numbers) == look else None
            named = self._named(last, end)
            fitting = self._runs.filter(number__in=[*numbers, *named])
            found += sorted(fitting.values_list("number", flat=True), reverse=down)
            if end is None:
                break
            last, look = numbers[-1], min(2 * look, SAMPLE * 10)
        return [Place(number, number) for number in found[offset : offset + limit]]

    def _named(self, last: int | None, end: int | None) -> list[int]:
        """Return the run that is wanted by its number, if it lies between two others."""
        number, sign = self._wanted.number, -1 if self._order.down else 1
        if number is None or (last is not None and sign * number <= sign * last):
            return []
        return [] if end is not None and sign * number > sign * end else [number]


class FoundWalk(SearchWalk):
    """Runs that have a text which many have, but not most, by something else than their number.

    All that an index finds are sorted, by what stands in one index beside their numbers; whether
    the text is there as a whole is asked of those alone that are shown. A walk along the index of
    the column would look at most runs where those with the text happen to come last.
    """

    def __init__(self, wanted: Wanted, candidates: QuerySet[RunText], order: Order) -> None:
        found = wanted.without_texts.runs(order.column).filter(number__in=candidates)
        super().__init__(found, order)
        self._wanted = wanted
        self._candidates = candidates

    def _turned(self) -> Walk:
        return FoundWalk(self._wanted, self._candidates, self._order.reversed)

    def _read(self, place: Place | None, offset: int, limit: int) -> Found:
        rows = self._order.sort(self._runs, anew=True).values_list(KEY, "number")
        if place is not None:
            rows = rows.filter(_beyond(place, self._order))
        found: Found = []
        looked, look = 0, offset + LOOKED_AT * limit
        while len(found) < offset + limit:
            some = [Place(value, number) for value, number in rows[looked : looked + look]]
            texts = RunText.objects.filter(number__in=[one.number for one in some])
            fitting = set(self._wanted.texts_of(texts).values_list("number", flat=True))
            found += [one for one in some if one.number in fitting]
            if len(some) < look:
                break
            looked, look = looked + look, min(2 * look, SAMPLE * 10)
        return found[offset : offset + limit]


def _beyond(place: Place, order: Order) -> Q:
    """Return which rows come behind a place, in a list that has the sorted value as `KEY`."""
    further = Q(**{f"number__{'lt' if order.newest_first else 'gt'}": place.number})
    gap = Q(**{f"{KEY}__isnull": True})
    if place.value is None:
        same = gap & further
        return same | ~gap if order.gaps_first else same
    same = Q(**{KEY: place.value}) & further
    past = Q(**{f"{KEY}__{'lt' if order.down else 'gt'}": place.value})
    return same | past if order.gaps_first else same | past | gap


# --- counts --------------------------------------------------------------------------------------


def run_count(wanted: Wanted) -> Count:
    """Return how many runs a list has."""
    if wanted.has_texts and wanted.few is None:
        chosen = wanted.statuses or Status.values
        counts = _sampled(wanted)
        return sum((counts[status] for status in chosen), Count(0))
    return count_of(wanted.runs())


def run_tallies(wanted: Wanted) -> dict[str, Count]:
    """Return how many runs there are of each status, whatever statuses are wanted."""
    wanted = wanted.of_all_statuses
    if wanted.has_texts and wanted.few is None:
        return _sampled(wanted)
    runs = wanted.runs()
    if runs.values("number")[: EXACT + 1].count() <= EXACT:
        return {status: Count(count) for status, count in _by_status(runs).items()}
    each = {status: replace(wanted, statuses=(status,)) for status in Status.values}
    return {status: count_of(one.runs()) for status, one in each.items()}


def _by_status(runs: QuerySet[TrainingRun]) -> dict[str, int]:
    """Count them by status; SQLite is kept from going through the statuses of all runs for it."""
    held = runs.order_by().annotate(held=Coalesce(F("status"), F("status")))
    rows = held.values_list("held").annotate(count=CountRows("number"))
    return {status: 0 for status in Status.values} | dict(rows)


def _sampled(wanted: Wanted) -> dict[str, Count]:
    """Return the counts as they are if the newest texts that fit are like all others."""
    newest = list(wanted.texts.order_by("-number").values_list("number", flat=True)[:SAMPLE])
    numbers = training_runs().select_related(None).values_list("number", flat=True)
    last, first = numbers.first() or 0, numbers.last() or 0
    share = (last - newest[-1] + 1) / (last - first + 1) if newest else 1.0
    counts = _by_status(wanted.without_texts.runs("number").filter(number__in=newest))
    return {
        status: Count(round(count / max(share, 1e-9)), is_exact=False)
        for status, count in counts.items()
    }


def users_listed() -> list[str]:
    """Return the names of those who have trained, the first hundred."""
    names = users_with_runs().order_by("username").values_list("username", flat=True)
    return list(names[:USERS_LISTED])
