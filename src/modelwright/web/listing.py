"""A list that lives in its address: search, filters, sorting and pages."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Generic, TypeVar

from django.core.paginator import Page as Rows
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from modelwright.accounts.models import User
from modelwright.web.address import Address, Pill
from modelwright.web.requests import user_of
from modelwright.web.runs_list import Column, Heading

PAGE_SIZE = 25
M = TypeVar("M", bound=Model)


class Listing(Generic[M]):
    """What one request for a list asks for; `matching` says what there is.

    Attributes
    ----------
    place : str
        Name of the list's address.
    columns : sequence of Column
        Those that it is sorted by, in order.
    newest : str
        The column that it is sorted by, downwards, unless told.
    titles : mapping
        Filter -> its title.
    """

    place: str
    columns: Sequence[Column]
    newest: str = "created"
    titles: Mapping[str, str] = {"search": "Search"}

    def __init__(self, request: HttpRequest) -> None:
        self.user: User = user_of(request)
        order = (*self.titles, "sort", "page")
        self.address = Address.read(reverse(self.place), order, request.GET)
        self.search = self.address.get("search")[:200].replace("\0", "")

    def matching(self) -> QuerySet[M]:
        """Return what the user may see and the filters let through, in any order."""
        raise NotImplementedError

    @cached_property
    def rows(self) -> Rows[M]:
        """Return the page that is asked for."""
        name, backwards = self._sorting
        field = next(c.field for c in self.columns if c.name == name)
        ordered = self.matching().order_by(f"{'-' if backwards else ''}{field}", "pk")
        return Paginator(ordered, PAGE_SIZE).get_page(self.address.get("page") or 1)

    @property
    def _sorting(self) -> tuple[str, bool]:
        asked = self.address.get("sort")
        name = asked.removeprefix("-")
        if name not in {column.name for column in self.columns}:
            return self.newest, True
        return name, asked.startswith("-")

    @property
    def headings(self) -> list[Heading]:
        """Return the heads of the columns; numbers and times are first sorted downwards."""
        name, backwards = self._sorting
        found = []
        for column in self.columns:
            here = column.name == name
            down = not backwards if here else column.number or column.name == self.newest
            address = self.address.having(sort=f"{'-' if down else ''}{column.name}")
            direction = ("descending" if backwards else "ascending") if here else ""
            found.append(Heading(column, direction, str(address)))
        return found

    @property
    def pills(self) -> list[Pill]:
        """Return the filters in force."""
        return [
            Pill(title, self.address.get(name), str(self.address.having(**{name: ""})))
            for name, title in self.titles.items()
            if self.address.get(name)
        ]

    @property
    def clear_all(self) -> str:
        """Return the address without any filter."""
        return str(self.address.having(**dict.fromkeys(self.titles, "")))

    @property
    def previous_page(self) -> str:
        """Return the address of the page before, empty on the first."""
        if not self.rows.has_previous():
            return ""
        number = self.rows.previous_page_number()
        return str(self.address.having(page="" if number == 1 else str(number)))

    @property
    def next_page(self) -> str:
        """Return the address of the page after, empty on the last."""
        if not self.rows.has_next():
            return ""
        return str(self.address.having(page=str(self.rows.next_page_number())))
