"""Django's entry for the room."""

from django.apps import AppConfig


class TuningConfig(AppConfig):
    """Searches and their trials."""

    name = "modelwright.tuning"
    label = "tuning"
    verbose_name = "Tuning"

    def ready(self) -> None:
        """Make the pieces of a search known as a kind of job."""
        from modelwright.runs.kinds import kind_register  # noqa: PLC0415  (models load first)
        from modelwright.tuning.kind import TUNING  # noqa: PLC0415

        kind_register(TUNING)
