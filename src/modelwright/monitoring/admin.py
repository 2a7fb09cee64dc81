"""Alerts, their rules, and records of performance, to look at in the admin."""

from django.contrib import admin

from modelwright.accounts.admin_site import ReadOnlyAdmin
from modelwright.monitoring.models import Alert, AlertRule, MetricsRecord


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What somebody must look at."""

    list_display = (
        "created_at",
        "alert_type",
        "severity",
        "status",
        "machine",
        "model_type",
        "message",
    )
    search_fields = ("message", "incident")
    list_filter = ("status", "severity", "alert_type")
    list_select_related = ("machine",)
    show_full_result_count = False


@admin.register(AlertRule)
class AlertRuleAdmin(ReadOnlyAdmin):
    """When alerts are raised."""

    list_display = ("alert_type", "model_type", "machine", "is_muted")
    search_fields = ("alert_type",)
    list_filter = ("alert_type", "is_muted")
    list_select_related = ("machine",)
    show_full_result_count = False


@admin.register(MetricsRecord)
class MetricsRecordAdmin(ReadOnlyAdmin):
    """How models did."""

    list_display = (
        "evaluation_end",
        "machine",
        "model_type",
        "model_version",
        "source",
        "rmse",
        "drift_score",
    )
    search_fields = ("machine__name",)
    list_filter = ("model_type", "source")
    list_select_related = ("machine",)
    show_full_result_count = False
