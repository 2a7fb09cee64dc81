"""The list of training runs: what its address may say, and the rows that follow from it."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.core.paginator import Page as Rows
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import training_runs
from modelwright.runs.states import OPEN, Status
from modelwright.web.address import Address, Pill

PAGE_SIZE = 25
COLUMNS_COOKIE = "runs_columns"
ORDER = ("status", "user", "version", "from", "to", "search", "sort", "columns", "page")
FILTERS = ("status", "user", "version", "from", "to", "search")
HEAVY = (
    "per_class_metrics",
    "confusion_matrix",
    "feature_importance",
    "features_used",
    "environment",
    "metrics",
    "warnings",
    "requested_hyperparameters",
    "hyperparameters",
    "error_message",
)


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

    def _matching(self, *, with_status: bool = True) -> QuerySet[TrainingRun]:
        runs = training_runs()
        if with_status and self.statuses:
            runs = runs.filter(status__in=self.statuses)
        if self.user:
            runs = runs.filter(user__username=self.user)
        if self.version:
            runs = runs.filter(model_version__icontains=self.version)
        if self.since:
            runs = runs.filter(created_at__gte=_midnight(self.since))
        if self.until:
            runs = runs.filter(created_at__lt=_midnight(self.until + dt.timedelta(days=1)))
        if self.search:
            runs = runs.filter(_anywhere(self.search))
        return runs

    @cached_property
    def rows(self) -> Rows[TrainingRun]:
        """Return the runs of the page that is asked for."""
        runs = self._matching().defer(*HEAVY).order_by(*self._ordering())
        return Paginator(runs, PAGE_SIZE).get_page(self.address.get("page") or 1)

    def _ordering(self) -> list[str]:
        name, _, backwards = self._sorting()
        if name == "run":
            return ["-number" if backwards else "number"]
        return [f"{'-' if backwards else ''}{COLUMNS[name].field}", "-number"]

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
        return [run.number for run in self.rows if run.status in OPEN]

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

    @cached_property
    def tabs(self) -> list[tuple[str, str, int, str, bool]]:
        """Return name, title, count, address and whether it is chosen: all, and each status."""
        counts = dict(
            self._matching(with_status=False)
            .order_by()
            .values_list("status")
            .annotate(count=Count("pk"))
        )
        tabs = [
            (
                "",
                "All",
                sum(counts.values()),
                str(self.address.having(status="")),
                not self.statuses,
            )
        ]
        for status in Status:
            address = str(self.address.having(status=status.value))
            chosen = self.statuses == [status.value]
            tabs.append((status.value, status.label, counts.get(status.value, 0), address, chosen))
        return tabs

    @cached_property
    def users(self) -> list[str]:
        """Return everybody who has trained."""
        names = (
            training_runs()
            .order_by("user__username")
            .exclude(user=None)
            .values_list("user__username", flat=True)
            .distinct()[:100]
        )
        return [str(name) for name in names]

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


def _anywhere(text: str) -> Q:
    found = (
        Q(model_version__icontains=text)
        | Q(notes__icontains=text)
        | Q(dataset_path__icontains=text)
        | Q(error_message__icontains=text)
        | Q(user__username__icontains=text)
    )
    number = text.lower().removeprefix("run").strip().removeprefix("#")
    if number.isdecimal() and len(number) < 16:
        found |= Q(number=int(number))
    return found
