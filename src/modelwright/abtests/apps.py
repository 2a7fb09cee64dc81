"""Django's entry for the room."""

from django.apps import AppConfig


class AbtestsConfig(AppConfig):
    """A/B tests."""

    name = "modelwright.abtests"
    label = "abtests"
    verbose_name = "Abtests"
