"""The list of training runs: what its address may say, and the rows that follow from it."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.urls import reverse

from modelwright.runs.listing import (
    BadPlaceError,
    Count,
    Order,
    Place,
    RunPage,
    Wanted,
    run_page,
    run_tallies,
    users_listed,
)
from modelwright.runs.states import OPEN, Status
from modelwright.web.address import Address, Pill

PAGE_SIZE = 25
COLUMNS_COOKIE = "runs_columns"
ORDER = ("status", "user", "version", "from", "to", "search", "sort", "columns", "page", "cursor")
FILTERS = ("status", "user", "version", "from", "to", "search")
MAX_DIGITS = 16
HEAVY = (
    "per_class_metrics", "confusion_matrix", "feature_importance", "features_used", "environment",
    "metrics", "warnings", "requested_hyperparameters", "hyperparameters", "error_message",
)  # fmt: skip
READ = (
    "status", "model_version", "accuracy", "f1_score", "precision", "recall", "dataset_path",
    "total_samples", "n_estimators", "training_duration_seconds", "created_at", "started_at",
    "finished_at", "notes", "progress_percent", "cancel_requested",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column that may be shown; `field` is what it is sorted by."""

    name: str
    title: str
    field: str
    default: bool = True
    number: bool = False


COLUMNS = {
    column.name: column
    for column in (
        Column("run", "Run", "number"),
        Column("status", "Status", "status"),
        Column("version", "Version", "model_version"),
        Column("accuracy", "Accuracy", "accuracy", number=True),
        Column("f1", "F1", "f1_score", number=True),
        Column("precision", "Precision", "precision", default=False, number=True),
        Column("recall", "Recall", "recall", default=False, number=True),
        Column("dataset", "Data set", "dataset_path", default=False),
        Column("rows", "Rows", "total_samples", default=False, number=True),
        Column("trees", "Trees", "n_estimators", default=False, number=True),
        Column("duration", "Duration", "training_duration_seconds", number=True),
        Column("user", "By", "user__username"),
        Column("created", "Submitted", "created_at"),
        Column("notes", "Notes", "notes", default=False),
    )
}
FIXED = ("run", "status")
DEFAULT_COLUMNS = tuple(name for name, column in COLUMNS.items() if column.default)


@dataclass(frozen=True)
class Heading:
    """The head of a shown column, with the address that sorts by it."""

    column: Column
    direction: str  # ascending, descending or empty
    address: str


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


class Rows:
    """A page of runs, as the templates of all lists know pages.

    Parameters
    ----------
    found : RunPage
    number : int
        Of the page, from 1 on: where rows came or went meanwhile, about so.
    count : Count
        Of all pages.
    """

    def __init__(self, found: RunPage, number: int, count: Count) -> None:
        self.found = found
        self.number = number
        self.object_list = found.runs
        self.paginator = self
        self.start_index = (number - 1) * PAGE_SIZE + 1
        self.end_index = self.start_index + len(found.runs) - 1
        self.is_about = not count.is_exact
        self.count = max(count.number, self.end_index)
        self.num_pages = max(-(-self.count // PAGE_SIZE), number + self.has_next)

    @property
    def has_next(self) -> bool:
        """Return whether a page follows."""
        return not self.found.is_last

    @property
    def has_previous(self) -> bool:
        """Return whether there is a page before."""
        return not self.found.is_first


class RunsList:
    """What one request for the list asks for."""

    def __init__(self, request: HttpRequest) -> None:
        self.address = Address.read(reverse("runs"), ORDER, request.GET)
        remembered = request.COOKIES.get(COLUMNS_COOKIE, "")
        chosen = self.address.get("columns") or remembered.replace(".", ",")
        known = [name for name in chosen.split(",") if name in COLUMNS]
        wanted = {*FIXED, *(known or DEFAULT_COLUMNS)}
        self.columns = [column for name, column in COLUMNS.items() if name in wanted]
        self.statuses = [s for s in self.address.all("status") if s in Status.values]
        self.search = self.address.get("search")
        self.user = self.address.get("user")
        self.version = self.address.get("version")
        self.since = _date(self.address.get("from"))
        self.until = _date(self.address.get("to"))

    # --- rows --------------------------------------------------------------------------------

    @property
    def wanted(self) -> Wanted:
        """Return which runs the filters let through."""
        return Wanted(
            statuses=tuple(self.statuses),
            user=self.user,
            version_has=self.version,
            words=(self.search,) if self.search else (),
            number=_number_in(self.search),
            since=_midnight(self.since) if self.since else None,
            until=_midnight(self.until + dt.timedelta(days=1)) if self.until else None,
        )

    @cached_property
    def rows(self) -> Rows:
        """Return the runs of the page that is asked for; the first one where there is no such."""
        name, _, down = self._sorting()
        order = Order(COLUMNS[name].field, down, newest_first=down if name == "run" else True)
        asked = self.address.get("page")
        number = int(asked) if asked.isdecimal() and 0 < len(asked) < MAX_DIGITS else 1
        try:
            place = Place.read(self.address.get("cursor"), order.sortable)
        except BadPlaceError:
            place = None
        offset = 0 if place else (max(number, 1) - 1) * PAGE_SIZE
        found = run_page(self.wanted, order, PAGE_SIZE, columns=READ, place=place, offset=offset)
        if not found.runs and not found.is_first:
            number = 1
            found = run_page(self.wanted, order, PAGE_SIZE, columns=READ)
        return Rows(found, max(number, 1), self.count)

    @cached_property
    def count(self) -> Count:
        """Return how many runs all pages have."""
        chosen = self.statuses or Status.values
        return sum((self.tallies[status] for status in chosen), Count(0))

    @cached_property
    def tallies(self) -> dict[str, Count]:
        """Return how many runs there are of each status, whichever is chosen."""
        return run_tallies(self.wanted)

    def _sorting(self) -> tuple[str, str, bool]:
        """Return the column, the parameter and whether it goes down; newest first unless told."""
        asked = self.address.get("sort")
        name = asked.removeprefix("-")
        if name not in COLUMNS:
            return "run", "-run", True
        return name, asked, asked.startswith("-")

    @cached_property
    def open_numbers(self) -> list[int]:
        """Return the runs of this page that may still change."""
        return [run.number for run in self.rows.object_list if run.status in OPEN]

    @property
    def live_address(self) -> str:
        """Return where the fresh rows of the open runs come from; it repeats the filters."""
        runs = ",".join(map(str, self.open_numbers))
        query = str(self.address).partition("?")[2]
        return f"{reverse('runs_live')}?runs={runs}{'&' if query else ''}{query}"

    # --- what is around them -------------------------------------------------------------------

    @property
    def headings(self) -> list[Heading]:
        """Return the heads of the shown columns; numbers and times are first sorted downwards."""
        name, _, backwards = self._sorting()
        found = []
        for column in self.columns:
            is_sorted = column.name == name
            down = (
                not backwards if is_sorted else column.number or column.name in ("run", "created")
            )
            address = self.address.having(sort=f"{'-' if down else ''}{column.name}")
            direction = ("descending" if backwards else "ascending") if is_sorted else ""
            found.append(Heading(column, direction, str(address)))
        return found

    @property
    def shown(self) -> set[str]:
        """Return the names of the shown columns."""
        return {column.name for column in self.columns}

    @property
    def column_choices(self) -> list[tuple[Column, bool, str]]:
        """Return each column that may be chosen, whether it is shown, and how to change that."""
        names = [column.name for column in self.columns]
        choices = []
        for name, column in COLUMNS.items():
            if name in FIXED:
                continue
            shown = name in names
            after = [n for n in names if n != name] if shown else [*names, name]
            ordered = ",".join(n for n in COLUMNS if n in after)
            choices.append((column, shown, str(self.address.having(columns=ordered))))
        return choices

    @property
    def tabs(self) -> list[tuple[str, str, Count, str, bool]]:
        """Return name, title, count, address and whether it is chosen: all, and each status."""
        every = sum(self.tallies.values(), Count(0))
        tabs = [("", "All", every, str(self.address.having(status="")), not self.statuses)]
        for status in Status:
            address = str(self.address.having(status=status.value))
            chosen = self.statuses == [status.value]
            tabs.append((status.value, status.label, self.tallies[status], address, chosen))
        return tabs

    @cached_property
    def users(self) -> list[str]:
        """Return everybody who has trained."""
        return users_listed()

    @property
    def pills(self) -> list[Pill]:
        """Return the filters in force."""
        pills = [
            Pill("Status", status, str(self.address.without("status", status)))
            for status in self.address.all("status")
        ]
        titles = {
            "user": "By",
            "version": "Version",
            "from": "From",
            "to": "To",
            "search": "Search",
        }
        pills += [
            Pill(title, self.address.get(name), str(self.address.having(**{name: ""})))
            for name, title in titles.items()
            if self.address.get(name)
        ]
        return pills

    @property
    def clear_all(self) -> str:
        """Return the address without any filter."""
        return str(self.address.having(**dict.fromkeys(FILTERS, "")))

    @property
    def previous_page(self) -> str:
        """Return the address of the page before, empty on the first."""
        if not self.rows.has_previous:
            return ""
        page = str(self.rows.number - 1) if self.rows.number > 2 else ""
        return str(self.address.having(page=page, cursor=str(self.rows.found.before or "")))

    @property
    def next_page(self) -> str:
        """Return the address of the page after, empty on the last."""
        if not self.rows.has_next:
            return ""
        place = self.rows.found.behind
        return str(self.address.having(page=str(self.rows.number + 1), cursor=str(place or "")))


def _number_in(text: str) -> int | None:
    """Return the number of the run that a text names, if it does."""
    number = text.lower().removeprefix("run").strip().removeprefix("#")
    return int(number) if number.isdecimal() and len(number) < MAX_DIGITS else None
