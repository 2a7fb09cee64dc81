"""Pages of a list."""

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from modelwright.runs.listing import (
    BadPlaceError,
    Order,
    Place,
    Wanted,
    run_count,
    run_page,
)
from modelwright.runs.models import TrainingRun

DEEPEST = 2**53
INVALID = "Invalid page."


class Pages(PageNumberPagination):
    """20 a page, at most 100; `?page=` and `?page_size=`."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100


class RunPages(Pages):
    """The same for runs, as many as there are.

    Links to the next and the previous page say beside which run they go on (`cursor`): no page
    costs more than the first, and what is written meanwhile repeats and leaves out none.
    """

    cursor_query_param = "cursor"

    def read(
        self, request: Request, wanted: Wanted, order: Order, columns: tuple[str, ...]
    ) -> list[TrainingRun]:
        """Return the runs of the page that is asked for.

        Raises
        ------
        NotFound
            There is no such page.
        """
        self._url = request.build_absolute_uri()
        size = self.get_page_size(request) or self.page_size
        self._number = self._page_number(request, wanted, size)
        place = self._place(request, order)
        offset = 0 if place else (self._number - 1) * size
        if offset > DEEPEST:
            raise NotFound(INVALID)
        self._found = run_page(wanted, order, size, columns=columns, place=place, offset=offset)
        if offset and not self._found.runs:
            raise NotFound(INVALID)
        count = self._found.count or run_count(wanted)
        self._count = max(count.number, offset + len(self._found.runs))
        return self._found.runs

    def _page_number(self, request: Request, wanted: Wanted, size: int) -> int:
        asked = request.query_params.get(self.page_query_param) or "1"
        if asked in self.last_page_strings:
            return max(1, -(-wanted.runs().count() // size))
        try:
            number = int(asked)
        except ValueError as error:
            raise NotFound(INVALID) from error
        if number < 1:
            raise NotFound(INVALID)
        return number

    def _place(self, request: Request, order: Order) -> Place | None:
        text = request.query_params.get(self.cursor_query_param)
        if not text or order.further:
            return None
        try:
            return Place.read(text, order.sortable)
        except BadPlaceError as error:
            raise NotFound(INVALID) from error

    def get_next_link(self) -> str | None:
        """Return the address of the next page, None on the last."""
        return None if self._found.is_last else self._link(self._number + 1, self._found.behind)

    def get_previous_link(self) -> str | None:
        """Return the address of the page before, None on the first."""
        if self._found.is_first:
            return None
        return self._link(max(1, self._number - 1), self._found.before)

    def _link(self, number: int, place: Place | None) -> str:
        url = self._url
        for name, value in ((self.page_query_param, number), (self.cursor_query_param, place)):
            plain = value is None or value == 1
            url = remove_query_param(url, name) if plain else replace_query_param(url, name, value)
        return str(url)

    def get_paginated_response(self, data: Any) -> Response:
        """Return the answer."""
        return Response(
            {
                "count": self._count,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
                "results": data,
            }
        )
