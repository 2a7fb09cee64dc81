"""Django's entry for the room."""

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    """Schedules and policies."""

    name = "modelwright.automation"
    label = "automation"
    verbose_name = "Automation"
