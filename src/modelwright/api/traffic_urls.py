"""The addresses of monitoring from traffic."""

from django.urls import path

from modelwright.api.serving_urls import SUBJECT
from modelwright.api.traffic_views import TrafficCheckView, TrafficMetricsView, TrafficView

MONITORING = f"{SUBJECT}monitoring/"

urlpatterns = [
    path(MONITORING, TrafficView.as_view(), name="api-traffic"),
    path(f"{MONITORING}metrics/", TrafficMetricsView.as_view(), name="api-traffic-metrics"),
    path(f"{MONITORING}check/", TrafficCheckView.as_view(), name="api-traffic-check"),
]
