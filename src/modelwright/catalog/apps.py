"""Django's entry for the room."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Data sets and experiments."""

    name = "modelwright.catalog"
    label = "catalog"
    verbose_name = "Catalog"
