"""Django's entry for the room."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The room has no tables of its own."""

    name = "modelwright.api"
    label = "modelwright_api"
