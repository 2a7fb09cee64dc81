"""Contract B: how models do."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import metrics_docs as docs
from modelwright.api.alert_serializers import AlertSerializer
from modelwright.api.base import actor_of
from modelwright.api.metrics_serializers import (
    DriftRequestSerializer,
    MetricsRecordRequestSerializer,
    MetricsRecordSerializer,
    TrendPointSerializer,
    TrendQuerySerializer,
)
from modelwright.api.performance_base import PerformanceView, parameters
from modelwright.catalog.machines import machine_get
from modelwright.monitoring.drift import drift_check_run, drift_facts
from modelwright.monitoring.records import metrics_record
from modelwright.monitoring.trends import metrics_trend
from modelwright.monitoring.versions import version_for


@extend_schema_view(post=docs.RECORD)
class MetricsRecordView(PerformanceView):
    """Recording metrics."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request) -> Response:
        """Record them, and say what that means."""
        body = parameters(request, MetricsRecordRequestSerializer).validated_data
        machine = machine_get(body["machine_id"])
        recorded = metrics_record(
            version=version_for(machine, body["model_type"], body.get("model_id")),
            machine=machine,
            start=body["evaluation_start"],
            end=body["evaluation_end"],
            metrics=body["metrics"],
            sample_count=body["sample_count"],
            user=actor_of(request),
        )
        return Response(
            {
                **MetricsRecordSerializer(recorded.record).data,
                "alerts": AlertSerializer(recorded.alerts, many=True).data,
            },
            status=status.HTTP_201_CREATED,
        )


@extend_schema_view(get=docs.TREND)
class MetricsTrendView(PerformanceView):
    """How metrics went."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request) -> Response:
        """Return the records and where they lead."""
        wanted = parameters(request, TrendQuerySerializer).validated_data
        machine = machine_get(wanted["machine_id"])
        found = metrics_trend(machine, wanted["model_type"], wanted["days"])
        return Response(
            {
                "model_type": wanted["model_type"],
                "machine_id": str(machine.pk),
                "machine_name": machine.name,
                "metrics": TrendPointSerializer(found.records, many=True).data,
                "trend_direction": found.direction,
                "degradation_rate": found.degradation_rate,
            }
        )


@extend_schema_view(post=docs.DRIFT)
class DriftCheckView(PerformanceView):
    """Checking for drift."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request) -> Response:
        """Check, and say what was found."""
        body = parameters(request, DriftRequestSerializer).validated_data
        checked = drift_check_run(
            machine=machine_get(body["machine_id"]),
            model_type=body["model_type"],
            start=body.get("evaluation_start"),
            end=body.get("evaluation_end"),
            model_id=body.get("model_id"),
            user=actor_of(request),
        )
        return Response(drift_facts(checked))
