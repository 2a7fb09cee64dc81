"""What the list of training runs can be narrowed by and sorted by."""

from typing import Any

import django_filters
from django.db.models import F, Q, QuerySet
from django_filters.fields import ChoiceField

from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status

MAX_TEXT = 200
MAX_WORDS = 10
SORTABLE = {
    "id": "number",
    "run_date": "created_at",
    "model_version": "model_version",
    "status": "status",
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1_score": "f1_score",
    "training_duration_seconds": "training_duration_seconds",
    "trained_by_username": "user__username",
}
SEARCHED = ("model_version", "dataset_path", "notes", "error_message", "user__username")


class UpperChoiceField(ChoiceField):  # type: ignore[misc]  # no types
    """Takes a status in any letter case."""

    def to_python(self, value: Any) -> str:
        """Return it in upper case."""
        return str(super().to_python(value)).upper()


class StatusFilter(django_filters.ChoiceFilter):  # type: ignore[misc]  # no types
    """Statuses are upper case here and lower case in the table."""

    field_class = UpperChoiceField

    def filter(self, qs: QuerySet[TrainingRun], value: str) -> QuerySet[TrainingRun]:
        """Keep the runs of one status."""
        return qs.filter(status=value.lower()) if value else qs


class Ordering(django_filters.OrderingFilter):  # type: ignore[misc]  # no types
    """By a named column, runs without a value last, the newest first among equals."""

    def filter(self, qs: QuerySet[TrainingRun], value: list[str] | None) -> QuerySet[TrainingRun]:
        """Sort."""
        if not value:
            return qs
        terms = []
        for name in value:
            column = F(SORTABLE[name.removeprefix("-")])
            terms.append(
                column.desc(nulls_last=True)
                if name.startswith("-")
                else column.asc(nulls_last=True)
            )
        return qs.order_by(*terms, "-number")


class TrainingRunFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """The query of `GET /api/training/runs/`; a value that can't be meant is 400."""

    status = StatusFilter(
        choices=[(name.upper(), name.upper()) for name in Status.values],
        empty_label=None,
        help_text="PENDING, RUNNING, COMPLETED, FAILED or CANCELLED.",
    )
    trained_by = django_filters.CharFilter(
        field_name="user__username", max_length=MAX_TEXT, help_text="Exact user name."
    )
    model_version = django_filters.CharFilter(max_length=MAX_TEXT, help_text="Exact version.")
    search = django_filters.CharFilter(
        method="search_in",
        max_length=MAX_TEXT,
        help_text="Text anywhere in version, data set path, notes, error message or user name.",
    )
    ordering = Ordering(
        fields=[(name, name) for name in SORTABLE],
        help_text="Column to sort by, with `-` before it for descending.",
    )

    class Meta:
        model = TrainingRun
        fields = ()

    def search_in(
        self, queryset: QuerySet[TrainingRun], _name: str, value: str
    ) -> QuerySet[TrainingRun]:
        """Keep the runs that hold every word somewhere."""
        for word in value.split()[:MAX_WORDS]:
            where = Q()
            for column in SEARCHED:
                where |= Q(**{f"{column}__icontains": word})
            queryset = queryset.filter(where)
        return queryset
