"""Django's entry for the room."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """Training runs and the machinery of jobs."""

    name = "modelwright.runs"
    label = "runs"
    verbose_name = "Runs"

    def ready(self) -> None:
        """Make training known as a kind of job."""
        from modelwright.runs.kinds import kind_register  # noqa: PLC0415  (models load first)
        from modelwright.runs.training_kind import TRAINING  # noqa: PLC0415

        kind_register(TRAINING)
