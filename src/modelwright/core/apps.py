"""Django's entry for the room."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from modelwright.core.views import views_create, views_drop


class CoreConfig(AppConfig):
    """Holds the counters; looks after the views that rooms name."""

    name = "modelwright.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have views make way for migrations and come back after them."""
        pre_migrate.connect(views_drop, sender=self)
        post_migrate.connect(views_create, sender=self)
