"""Data sets, experiments and machines in the admin: to look at; the services write them."""

from django.contrib import admin

from modelwright.accounts.admin_site import ReadOnlyAdmin
from modelwright.catalog.models import DataSet, Experiment, Machine


@admin.register(DataSet)
class DataSetAdmin(ReadOnlyAdmin):
    """Tables that were handed in."""

    list_display = ("name", "version", "owner", "format", "row_count", "size_bytes", "created_at")
    search_fields = ("name", "sha256")
    list_filter = ("format",)
    list_select_related = ("owner",)
    show_full_result_count = False


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    """Questions asked of data sets."""

    list_display = ("name", "owner", "dataset", "target_column", "task", "created_at")
    search_fields = ("name",)
    list_filter = ("task",)
    list_select_related = ("owner", "dataset")
    show_full_result_count = False


@admin.register(Machine)
class MachineAdmin(ReadOnlyAdmin):
    """What uses energy and has models."""

    list_display = (
        "number",
        "name",
        "site",
        "machine_type",
        "is_active",
        "reading_count",
        "last_reading_at",
    )
    search_fields = ("name", "site")
    list_filter = ("is_active", "machine_type")
    show_full_result_count = False
