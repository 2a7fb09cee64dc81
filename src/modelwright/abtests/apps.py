"""Django's entry for the room."""

from django.apps import AppConfig

from modelwright.abtests.views import active_ab_tests
from modelwright.core.views import view_register


class AbtestsConfig(AppConfig):
    """A/B tests."""

    name = "modelwright.abtests"
    label = "abtests"
    verbose_name = "A/B tests"

    def ready(self) -> None:
        """Have requests answered as tests want it and their versions kept; show them to SQL."""
        from modelwright.abtests.selectors import (  # noqa: PLC0415  (models first)
            predictions_in_tests,
            route_by_test,
            versions_in_tests,
        )
        from modelwright.abtests.services import tests_follow  # noqa: PLC0415
        from modelwright.registry.promotion import on_champion  # noqa: PLC0415
        from modelwright.registry.retention import on_hold  # noqa: PLC0415
        from modelwright.serving.retention import on_predictions_held  # noqa: PLC0415
        from modelwright.serving.routing import on_route  # noqa: PLC0415

        on_route(route_by_test)
        on_champion(tests_follow)
        on_hold(versions_in_tests)
        on_predictions_held(predictions_in_tests)
        view_register("v_active_ab_tests", active_ab_tests)
