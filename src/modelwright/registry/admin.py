"""Models, versions, promotions and comparisons, to look at in the admin."""

from django.contrib import admin

from modelwright.accounts.admin_site import ReadOnlyAdmin
from modelwright.registry.models import (
    Comparison,
    ModelAlias,
    ModelVersion,
    Promotion,
    RetentionRule,
    Subject,
)


@admin.register(Subject)
class SubjectAdmin(ReadOnlyAdmin):
    """What is modelled."""

    list_display = ("title", "slug", "model_type", "promotion", "created_at")
    search_fields = ("title", "slug", "key")
    list_filter = ("model_type", "promotion")
    show_full_result_count = False


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """What completed runs made."""

    list_display = ("name", "subject", "number", "size_bytes", "created_at", "removed_at")
    search_fields = ("name", "subject", "sha256")
    list_filter = ("removed_at",)
    show_full_result_count = False


@admin.register(ModelAlias)
class ModelAliasAdmin(ReadOnlyAdmin):
    """Names that point at versions."""

    list_display = ("subject", "name", "version", "set_at", "set_by")
    search_fields = ("name", "subject__title")
    list_filter = ("name",)
    list_select_related = ("subject", "version", "set_by")
    show_full_result_count = False


@admin.register(Promotion)
class PromotionAdmin(ReadOnlyAdmin):
    """Every change of a champion."""

    list_display = ("at", "subject", "kind", "from_number", "to_number", "reason", "actor")
    search_fields = ("subject__title", "reason")
    list_filter = ("kind",)
    list_select_related = ("subject", "actor")
    show_full_result_count = False


@admin.register(RetentionRule)
class RetentionRuleAdmin(ReadOnlyAdmin):
    """Which files are kept."""

    list_display = (
        "subject",
        "keep_newest",
        "keep_days",
        "keep_champions",
        "keep_tagged",
        "is_active",
    )
    list_filter = ("is_active",)
    list_select_related = ("subject",)
    show_full_result_count = False


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    """Comparisons of two versions."""

    list_display = ("created_at", "subject", "version_a", "version_b", "source", "status")
    search_fields = ("subject__title",)
    list_filter = ("status", "source")
    list_select_related = ("subject", "version_a", "version_b")
    show_full_result_count = False
