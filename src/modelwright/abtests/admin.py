"""A/B tests in the admin: to look at; the services write them."""

from django.contrib import admin

from modelwright.abtests.models import ABTest
from modelwright.accounts.admin_site import ReadOnlyAdmin


@admin.register(ABTest)
class ABTestAdmin(ReadOnlyAdmin):
    """Champion against challenger."""

    list_display = ("test_name", "subject", "mode", "status", "winner", "started_at", "ended_at")
    search_fields = ("test_name", "subject__title")
    list_filter = ("status", "mode")
    list_select_related = ("subject",)
    show_full_result_count = False
