"""Django's entry for the room."""

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    """Schedules and policies."""

    name = "modelwright.automation"
    label = "automation"
    verbose_name = "Automation"

    def ready(self) -> None:
        """Make scheduled jobs known, have policies go on at sweeps, and people told."""
        from modelwright.automation.kind import SCHEDULE  # noqa: PLC0415  (models load first)
        from modelwright.automation.policy_selectors import versions_in_loops  # noqa: PLC0415
        from modelwright.automation.policy_tasks import POLICY_TASK  # noqa: PLC0415
        from modelwright.automation.telling import champion_told, refusal_told  # noqa: PLC0415
        from modelwright.registry.promotion import on_champion  # noqa: PLC0415
        from modelwright.registry.retention import on_hold  # noqa: PLC0415
        from modelwright.runs.doorbell import HOUSEKEEPING, task_send  # noqa: PLC0415
        from modelwright.runs.kinds import kind_register  # noqa: PLC0415
        from modelwright.runs.sweep import on_sweep  # noqa: PLC0415
        from modelwright.serving.services import on_artifact_refused  # noqa: PLC0415

        kind_register(SCHEDULE)
        on_champion(champion_told)
        on_hold(versions_in_loops)
        on_artifact_refused(refusal_told)
        on_sweep(lambda: task_send(POLICY_TASK, HOUSEKEEPING))
