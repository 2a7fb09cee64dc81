"""Django's entry for the room."""

from django.apps import AppConfig


class ServingConfig(AppConfig):
    """Predictions and actuals."""

    name = "modelwright.serving"
    label = "serving"
    verbose_name = "Serving"
