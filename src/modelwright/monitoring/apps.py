"""Django's entry for the room."""

from django.apps import AppConfig

from modelwright.core.views import view_register
from modelwright.monitoring.views import latest_model_performance, unresolved_alerts


class MonitoringConfig(AppConfig):
    """Performance records, drift, alerts, anomalies and key figures."""

    name = "modelwright.monitoring"
    label = "monitoring"
    verbose_name = "Monitoring"

    def ready(self) -> None:
        """Name the views."""
        view_register("v_latest_model_performance", latest_model_performance)
        view_register("v_unresolved_alerts", unresolved_alerts)
