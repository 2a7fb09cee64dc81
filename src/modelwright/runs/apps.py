"""Django's entry for the room."""

from django.apps import AppConfig

from modelwright.engine.recording import set_recorder


class RunsConfig(AppConfig):
    """Training runs and the machinery of jobs."""

    name = "modelwright.runs"
    label = "runs"
    verbose_name = "Runs"

    def ready(self) -> None:
        """Make training known as a kind of job, and keep the records of `ModelTrainer`."""
        from modelwright.accounts.notifications.outbox import on_notice  # noqa: PLC0415
        from modelwright.runs.doorbell import ring_deliveries  # noqa: PLC0415
        from modelwright.runs.kinds import kind_register  # noqa: PLC0415  (models load first)
        from modelwright.runs.recorder import DatabaseRecorder  # noqa: PLC0415
        from modelwright.runs.training_kind import TRAINING  # noqa: PLC0415

        on_notice(ring_deliveries)
        kind_register(TRAINING)
        set_recorder(DatabaseRecorder())
