"""Django's entry for the room."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """The server itself."""

    name = "modelwright.operations"
    label = "operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        """Count the ends of jobs; have workers and the scheduler watch each other."""
        from modelwright.automation.scheduler import on_round  # noqa: PLC0415  (models load first)
        from modelwright.operations.tallies import job_tallied  # noqa: PLC0415
        from modelwright.operations.watchman import of_scheduler, of_worker  # noqa: PLC0415
        from modelwright.runs.kinds import kinds_all, on_end  # noqa: PLC0415
        from modelwright.runs.sweep import on_sweep  # noqa: PLC0415

        for kind in kinds_all():
            on_end(kind.name, job_tallied)
        on_round(of_scheduler.look)
        on_sweep(of_worker.look)
