"""Searches in the admin: to look at; the services write them."""

from django.contrib import admin

from modelwright.accounts.admin_site import ReadOnlyAdmin
from modelwright.tuning.models import TuningRun


@admin.register(TuningRun)
class TuningRunAdmin(ReadOnlyAdmin):
    """Searches for hyperparameters."""

    list_display = ("created_at", "model_run", "tuning_method", "status", "user", "completed_at")
    search_fields = ("id",)
    list_filter = ("status", "tuning_method")
    list_select_related = ("model_run", "user")
    show_full_result_count = False
