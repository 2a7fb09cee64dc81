"""Django's entry for the room."""

from django.apps import AppConfig

from modelwright.core.views import view_register
from modelwright.registry.views import training_history


class RegistryConfig(AppConfig):
    """Model versions; told of every completed training run."""

    name = "modelwright.registry"
    label = "registry"
    verbose_name = "Registry"

    def ready(self) -> None:
        """Make a version of every completed training run; name the view of trainings."""
        from modelwright.registry.comparing import (  # noqa: PLC0415
            COMPARISON,
            versions_in_comparisons,
        )
        from modelwright.registry.retention import on_hold  # noqa: PLC0415
        from modelwright.registry.services import (  # noqa: PLC0415  (models load first)
            version_create_from_run,
        )
        from modelwright.runs.kinds import kind_register, on_completion  # noqa: PLC0415

        kind_register(COMPARISON)
        on_hold(versions_in_comparisons)
        on_completion("training", version_create_from_run)
        view_register("model_training_history", training_history)
