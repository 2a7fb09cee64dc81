"""What the list of training runs can be narrowed by and sorted by."""

from typing import Any

import django_filters
from django_filters.fields import ChoiceField

from modelwright.runs.listing import Order, Term, Wanted
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


class UpperChoiceField(ChoiceField):  # type: ignore[misc]  # no types
    """Takes a status in any letter case."""

    def to_python(self, value: Any) -> str:
        """Return it in upper case."""
        return str(super().to_python(value)).upper()


class StatusFilter(django_filters.ChoiceFilter):  # type: ignore[misc]  # no types
    """Statuses are upper case here and lower case in the table."""

    field_class = UpperChoiceField


class TrainingRunFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """The query of `GET /api/training/runs/`; a value that can't be meant is 400.

    It says what is wanted; `runs.listing` finds it.
    """

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
        max_length=MAX_TEXT,
        help_text="Text anywhere in version, data set path, notes, error message or user name.",
    )
    ordering = django_filters.OrderingFilter(
        fields=[(name, name) for name in SORTABLE],
        help_text="Column to sort by, with `-` before it for descending.",
    )

    class Meta:
        model = TrainingRun
        fields = ()

    @property
    def wanted(self) -> Wanted:
        """Return what is asked for, once it has been found valid."""
        asked = self.form.cleaned_data
        return Wanted(
            statuses=(asked["status"].lower(),) if asked["status"] else (),
            user=asked["trained_by"],
            version=asked["model_version"],
            words=tuple(asked["search"].split()[:MAX_WORDS]),
        )

    @property
    def order(self) -> Order:
        """Return what to sort by: runs without a value last, the newest first among equals."""
        terms = [
            Term(SORTABLE[name.removeprefix("-")], name.startswith("-"))
            for name in self.form.cleaned_data["ordering"] or []
        ]
        return Order.by(terms)
