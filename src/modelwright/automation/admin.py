"""Schedules, policies and their loops in the admin: to look at; the services write them."""

from django.contrib import admin

from modelwright.accounts.admin_site import ReadOnlyAdmin
from modelwright.automation.models import Loop, Policy, Schedule, SchedulerProcess, ScheduleRun


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """What people said of scheduled jobs."""

    list_display = ("name", "expression", "timezone", "is_enabled", "updated_at", "updated_by")
    search_fields = ("name",)
    list_filter = ("is_enabled",)
    list_select_related = ("updated_by",)
    show_full_result_count = False


@admin.register(ScheduleRun)
class ScheduleRunAdmin(ReadOnlyAdmin):
    """Runs of scheduled jobs."""

    list_display = ("created_at", "name", "due_at", "by_hand", "status", "user")
    search_fields = ("name", "error_message")
    list_filter = ("name", "status")
    list_select_related = ("user",)
    show_full_result_count = False


@admin.register(SchedulerProcess)
class SchedulerProcessAdmin(ReadOnlyAdmin):
    """Who watches the clock."""

    list_display = ("name", "hostname", "pid", "version", "started_at", "seen_at")
    search_fields = ("name", "hostname")
    show_full_result_count = False


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    """When to act for a model, and what to do."""

    list_display = ("name", "subject", "model_type", "is_active")
    search_fields = ("name",)
    list_filter = ("is_active",)
    list_select_related = ("subject",)
    show_full_result_count = False


@admin.register(Loop)
class LoopAdmin(ReadOnlyAdmin):
    """Turns of policies."""

    list_display = ("started_at", "subject", "trigger", "state", "state_since", "ended_at")
    search_fields = ("subject__title", "reason")
    list_filter = ("state",)
    list_select_related = ("subject",)
    show_full_result_count = False
