"""Django's entry for the room."""

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    """Schedules and policies."""

    name = "modelwright.automation"
    label = "automation"
    verbose_name = "Automation"

    def ready(self) -> None:
        """Make the runs of scheduled jobs known as a kind of job; have policies go on at sweeps."""
        from modelwright.automation.kind import SCHEDULE  # noqa: PLC0415  (models load first)
        from modelwright.automation.policy_tasks import POLICY_TASK  # noqa: PLC0415
        from modelwright.runs.doorbell import HOUSEKEEPING, task_send  # noqa: PLC0415
        from modelwright.runs.kinds import kind_register  # noqa: PLC0415
        from modelwright.runs.sweep import on_sweep  # noqa: PLC0415

        kind_register(SCHEDULE)
        on_sweep(lambda: task_send(POLICY_TASK, HOUSEKEEPING))
