"""Django's entry for the room."""

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    """Schedules and policies."""

    name = "modelwright.automation"
    label = "automation"
    verbose_name = "Automation"

    def ready(self) -> None:
        """Have policies go on at every sweep."""
        from modelwright.automation.policy_tasks import POLICY_TASK  # noqa: PLC0415  (models first)
        from modelwright.runs.doorbell import HOUSEKEEPING, task_send  # noqa: PLC0415
        from modelwright.runs.sweep import on_sweep  # noqa: PLC0415

        on_sweep(lambda: task_send(POLICY_TASK, HOUSEKEEPING))
