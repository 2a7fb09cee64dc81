"""What is kept of predictions in the admin: to look at; the services write them."""

from django.contrib import admin

from modelwright.accounts.admin_site import ReadOnlyAdmin
from modelwright.serving.models import ServingSettings


@admin.register(ServingSettings)
class ServingSettingsAdmin(ReadOnlyAdmin):
    """What is kept of a model's predictions."""

    list_display = ("subject", "log_share", "keep_inputs", "kept_days")
    search_fields = ("subject__title",)
    list_select_related = ("subject",)
    show_full_result_count = False
