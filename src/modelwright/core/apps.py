"""Django's entry for the room."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Holds the counters."""

    name = "modelwright.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"
