"""Django's entry for the room."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Performance records, drift, alerts, anomalies and key figures."""

    name = "modelwright.monitoring"
    label = "monitoring"
    verbose_name = "Monitoring"
