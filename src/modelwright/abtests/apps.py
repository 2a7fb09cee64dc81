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
        """Have requests answered as tests want it; show the active ones to SQL."""
        from modelwright.abtests.selectors import route_by_test  # noqa: PLC0415  (models first)
        from modelwright.serving.routing import on_route  # noqa: PLC0415

        on_route(route_by_test)
        view_register("v_active_ab_tests", active_ab_tests)
