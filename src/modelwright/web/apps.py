"""Django's entry for the room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The room has no tables of its own."""

    name = "modelwright.web"
    label = "modelwright_web"
