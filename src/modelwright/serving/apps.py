"""Django's entry for the room."""

from django.apps import AppConfig


class ServingConfig(AppConfig):
    """Predictions and actuals."""

    name = "modelwright.serving"
    label = "serving"
    verbose_name = "Serving"

    def ready(self) -> None:
        """Make batch predictions known as a kind of job, and put their files in place."""
        from modelwright.registry.retention import on_hold  # noqa: PLC0415
        from modelwright.runs.kinds import kind_register, on_completion  # noqa: PLC0415
        from modelwright.serving.batch_kind import BATCH, batch_publish  # noqa: PLC0415
        from modelwright.serving.batches import versions_in_batches  # noqa: PLC0415

        kind_register(BATCH)
        on_hold(versions_in_batches)
        on_completion(BATCH.name, batch_publish)
