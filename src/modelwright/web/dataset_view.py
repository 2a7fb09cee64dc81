"""Data sets as their pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet

from modelwright.accounts.models import User
from modelwright.catalog.access import (
    Level,
    dataset_level,
    datasets_visible,
    experiments_visible,
)
from modelwright.catalog.models import DataSet, Experiment
from modelwright.engine.words import short_number
from modelwright.registry.removal import dataset_uses, runs_learned_from
from modelwright.web.drawing import Drawn, columns_draw
from modelwright.web.listing import Listing
from modelwright.web.runs_list import Column

HEAVY = ("profile", "preview", "columns", "warnings")
SHOWN_ROWS = 20
SHOWN_COLUMNS = 200
PREVIEW_COLUMNS = 40


class DataSetList(Listing[DataSet]):
    """The data sets that somebody may see."""

    place = "datasets"
    columns = (
        Column("name", "Name", "name"),
        Column("rows", "Rows", "row_count", number=True),
        Column("size", "Size", "size_bytes", number=True),
        Column("experiments", "Experiments", "used", number=True),
        Column("owner", "Owner", "owner__username"),
        Column("created", "Handed in", "created_at"),
    )

    def matching(self) -> QuerySet[DataSet]:
        """Return them with the number of experiments on each."""
        found = datasets_visible(self.user).defer(*HEAVY)
        if self.search:
            found = found.filter(name__icontains=self.search)
        return found.annotate(used=Count("experiments", distinct=True))


@dataclass(frozen=True)
class ColumnRow:
    """One column of a data set: what is known of it, its shape, and what it says of the target."""

    name: str
    kind: str
    dtype: str
    missing: int
    missing_share: float
    distinct: int
    note: str
    shape: Drawn | None
    summary: str
    association: Mapping[str, Any] | None
    suspect: str


class DataSetView:
    """What the page of one data set needs beside the row."""

    def __init__(
        self, dataset: DataSet, user: User, target: Mapping[str, Any] | None = None
    ) -> None:
        self.dataset = dataset
        self.user = user
        self.target = target
        self._level = dataset_level(user, dataset)

    @property
    def owns(self) -> bool:
        """Return whether the user may delete it."""
        return self._level >= Level.OWNER

    @property
    def may_ask(self) -> bool:
        """Return whether the user may make an experiment on it."""
        return self._level >= Level.EDITOR

    @property
    def profile(self) -> Mapping[str, Any]:
        """Return the profile of the whole table."""
        profile: Mapping[str, Any] = self.dataset.profile
        return profile

    @property
    def missing_share(self) -> float:
        """Return the share of empty cells."""
        cells = self.dataset.row_count * max(1, len(self.dataset.columns))
        return float(self.profile.get("missing_cells", 0)) / max(1, cells)

    @cached_property
    def uses(self) -> list[str]:
        """Return what would be deleted with it."""
        return dataset_uses(self.dataset) if self.owns else []

    @cached_property
    def learned_by(self) -> list[int]:
        """Return the numbers of the runs that a policy gathered it for."""
        return runs_learned_from(self.dataset)

    @cached_property
    def experiments(self) -> list[Experiment]:
        """Return the experiments on it that the user may see."""
        return list(experiments_visible(self.user).filter(dataset=self.dataset))

    @cached_property
    def versions(self) -> list[DataSet]:
        """Return the other data sets of its owner and name."""
        family = datasets_visible(self.user).filter(
            owner=self.dataset.owner, name=self.dataset.name
        )
        return list(family.exclude(pk=self.dataset.pk).defer(*HEAVY).order_by("-version")[:20])

    @property
    def targets(self) -> list[str]:
        """Return the columns that can be predicted."""
        return [c["name"] for c in self.dataset.columns if c["distinct"] > 1]

    @cached_property
    def rows(self) -> list[ColumnRow]:
        """Return the columns; with a target those first that tell most about it."""
        found = [self._row(column) for column in self.dataset.columns]
        if self.target is not None:
            found.sort(key=lambda row: -(row.association or {"value": -1.0})["value"])
        return found[:SHOWN_COLUMNS]

    @property
    def rows_left_out(self) -> int:
        """Return how many columns the table doesn't show."""
        return max(0, len(self.dataset.columns) - SHOWN_COLUMNS)

    def _row(self, column: Mapping[str, Any]) -> ColumnRow:
        name = column["name"]
        shape: Mapping[str, Any] = self.profile.get("columns", {}).get(name, {})
        told = self.target or {}
        associations = {a["column"]: a for a in told.get("associations", [])}
        suspects = {s["column"]: s["reason"] for s in told.get("suspected_leakage", [])}
        return ColumnRow(
            name,
            column.get("kind", ""),
            column["dtype"],
            column["missing"],
            column["missing"] / max(1, self.dataset.row_count),
            column["distinct"],
            column.get("note", ""),
            _drawn(shape),
            _summary(shape),
            associations.get(name),
            suspects.get(name, ""),
        )

    @property
    def suspects(self) -> Sequence[Mapping[str, str]]:
        """Return the columns that may give the target away."""
        found: Sequence[Mapping[str, str]] = (self.target or {}).get("suspected_leakage", [])
        return found

    @property
    def preview_columns(self) -> list[str]:
        """Return the names over the first rows."""
        return list(self.dataset.preview.get("columns", []))[:PREVIEW_COLUMNS]

    @property
    def preview_rows(self) -> list[list[Any]]:
        """Return the first rows."""
        rows = self.dataset.preview.get("rows", [])[:SHOWN_ROWS]
        return [row[:PREVIEW_COLUMNS] for row in rows]


def _drawn(shape: Mapping[str, Any]) -> Drawn | None:
    histogram = shape.get("histogram")
    if histogram and len(histogram["counts"]) > 2:
        return columns_draw(histogram["counts"], "Histogram")
    counts = [entry["count"] for entry in shape.get("frequent", [])]
    return columns_draw(counts[:12], "Most frequent values first") if len(counts) > 1 else None


def _summary(shape: Mapping[str, Any]) -> str:
    if "median" in shape:
        low, middle, high = (shape[name] for name in ("min", "median", "max"))
        return f"{short_number(low)} to {short_number(high)}, median {short_number(middle)}"
    if "min" in shape:
        return f"{shape['min'][:10]} to {shape['max'][:10]}"
    frequent = shape.get("frequent", [])
    words = ", ".join(f"{entry['value']} ({entry['count']})" for entry in frequent[:3])
    more = len(frequent) > 3 or shape.get("other", 0)
    return f"{words[:90]}{' …' if more or len(words) > 90 else ''}"
