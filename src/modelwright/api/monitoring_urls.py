"""The addresses of contract B that watch models."""

from django.urls import path

from modelwright.api.alert_views import (
    AlertAcknowledgeView,
    AlertListView,
    AlertResolveView,
    AlertRuleListView,
    AlertRuleView,
    AlertsActiveView,
    AlertSilenceView,
    AlertView,
)
from modelwright.api.metrics_views import DriftCheckView, MetricsRecordView, MetricsTrendView
from modelwright.api.watch_views import (
    MachineAnomaliesView,
    MachineAnomalyView,
    MachineForecastView,
    MachineKpisView,
)

PERFORMANCE = "api/v1/model-performance/"
ALERT = f"{PERFORMANCE}alerts/<str:alert_id>/"
RULES = f"{PERFORMANCE}alert-rules/"
MACHINE = "api/v1/machines/<str:machine_id>/"
ANOMALIES = f"{MACHINE}anomalies/"

urlpatterns = [
    path(f"{MACHINE}kpis/", MachineKpisView.as_view(), name="api-machine-kpis"),
    path(ANOMALIES, MachineAnomaliesView.as_view(), name="api-machine-anomalies"),
    path(
        f"{ANOMALIES}<str:anomaly_id>/",
        MachineAnomalyView.as_view(),
        name="api-machine-anomaly",
    ),
    path(f"{MACHINE}forecast/", MachineForecastView.as_view(), name="api-machine-forecast"),
    path(f"{PERFORMANCE}metrics/record/", MetricsRecordView.as_view(), name="api-metrics-record"),
    path(f"{PERFORMANCE}metrics/trend/", MetricsTrendView.as_view(), name="api-metrics-trend"),
    path(f"{PERFORMANCE}drift/check/", DriftCheckView.as_view(), name="api-drift-check"),
    path(f"{PERFORMANCE}alerts/", AlertListView.as_view(), name="api-alerts"),
    path(f"{PERFORMANCE}alerts/active/", AlertsActiveView.as_view(), name="api-alerts-active"),
    path(ALERT, AlertView.as_view(), name="api-alert"),
    path(f"{ALERT}acknowledge/", AlertAcknowledgeView.as_view(), name="api-alert-acknowledge"),
    path(f"{ALERT}resolve/", AlertResolveView.as_view(), name="api-alert-resolve"),
    path(f"{ALERT}silence/", AlertSilenceView.as_view(), name="api-alert-silence"),
    path(RULES, AlertRuleListView.as_view(), name="api-alert-rules"),
    path(f"{RULES}<int:rule_id>/", AlertRuleView.as_view(), name="api-alert-rule"),
]
