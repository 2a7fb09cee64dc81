"""What the list of machines can be narrowed by and sorted by."""

import django_filters
from django.db.models import F, QuerySet

from modelwright.catalog.machines import machines_found, machines_tagged
from modelwright.catalog.models import Machine

MAX_TEXT = 200
SORTABLE = (
    "name",
    "site",
    "machine_type",
    "rated_power_kw",
    "reading_count",
    "last_reading_at",
    "created_at",
)


class Ordering(django_filters.OrderingFilter):  # type: ignore[misc]  # no types
    """By named columns, machines without a value last, by name among equals."""

    def filter(self, qs: QuerySet[Machine], value: list[str] | None) -> QuerySet[Machine]:
        """Sort."""
        terms = [
            F(name.removeprefix("-")).desc(nulls_last=True)
            if name.startswith("-")
            else F(name).asc(nulls_last=True)
            for name in value or ()
        ]
        return qs.order_by(*terms, "name")


class MachineFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """The query of `GET /api/v1/machines/`; a value that can't be meant is 422."""

    search = django_filters.CharFilter(
        method="search_in", max_length=MAX_TEXT, help_text="Words in name, site or type."
    )
    site = django_filters.CharFilter(max_length=MAX_TEXT, help_text="Exact.")
    machine_type = django_filters.CharFilter(max_length=MAX_TEXT, help_text="Exact.")
    tag = django_filters.CharFilter(method="tagged", max_length=MAX_TEXT, help_text="Exact.")
    is_active = django_filters.ChoiceFilter(
        method="active",
        choices=[("true", "true"), ("false", "false")],
        empty_label=None,
        help_text="`true` or `false`.",
    )
    ordering = Ordering(
        fields=[(name, name) for name in SORTABLE],
        help_text="Column to sort by, with `-` before it for descending.",
    )

    class Meta:
        model = Machine
        fields = ()

    def search_in(self, queryset: QuerySet[Machine], _name: str, value: str) -> QuerySet[Machine]:
        """Keep the machines that have every word."""
        return machines_found(value, among=queryset)

    def active(self, queryset: QuerySet[Machine], _name: str, value: str) -> QuerySet[Machine]:
        """Keep those that schedules look after, or the others."""
        return queryset.filter(is_active=value == "true")

    def tagged(self, queryset: QuerySet[Machine], _name: str, value: str) -> QuerySet[Machine]:
        """Keep the machines with a tag."""
        return machines_tagged(queryset, value)
