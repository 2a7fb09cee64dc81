"""Contract B: what is known of a machine: key figures, anomalies, forecast."""

import datetime as dt
from dataclasses import asdict
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_view
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import watch_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView, id_of, machine_of, parameters
from modelwright.api.watch_serializers import (
    AnomalyQuerySerializer,
    AnomalySerializer,
    ForecastPointSerializer,
    ForecastQuerySerializer,
    KpiDaySerializer,
    MarkSerializer,
    PeriodQuerySerializer,
)
from modelwright.catalog.models import Machine
from modelwright.core.clock import moment_of, ms_of
from modelwright.core.errors import InvalidInputError
from modelwright.engine.results import plain
from modelwright.monitoring.anomalies import anomalies_of, anomaly_get, anomaly_mark
from modelwright.monitoring.kpis import day_of, kpi_totals, kpis_of
from modelwright.monitoring.models import MachineAnomaly
from modelwright.monitoring.outlook import Outlook, forecast_of

USUAL_DAYS = 30


@extend_schema_view(get=docs.KPIS)
class MachineKpisView(PerformanceView):
    """Key figures by day."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, machine_id: str) -> Response:
        """Return them, oldest first."""
        machine = machine_of(machine_id)
        wanted = parameters(request, PeriodQuerySerializer).validated_data
        first, last = _days(machine, wanted.get("start"), wanted.get("end"))
        days = kpis_of(machine, first, last)
        return Response(
            {
                "machine_id": str(machine.pk),
                "machine_name": machine.name,
                "timezone": machine.timezone,
                "days": KpiDaySerializer(days, many=True).data,
                "totals": asdict(kpi_totals(days)),
            }
        )


def _days(
    machine: Machine, start: dt.datetime | None, end: dt.datetime | None
) -> tuple[dt.date, dt.date]:
    """Return the first and last of the machine's own days that a period touches."""
    until = end or (machine.last_reading_at or machine.created_at) + dt.timedelta(milliseconds=1)
    last = day_of(machine, ms_of(until) - 1)
    first = day_of(machine, ms_of(start)) if start else last - dt.timedelta(days=USUAL_DAYS - 1)
    if start is not None and until <= start:
        raise InvalidInputError({"end": ["end must be after start"]})
    return first, last


@extend_schema_view(get=docs.ANOMALIES)
class MachineAnomaliesView(PerformanceView, generics.GenericAPIView[MachineAnomaly]):
    """What was out of the ordinary."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = AnomalySerializer
    pagination_class = Pages
    filter_backends = ()

    def get(self, request: Request, machine_id: str) -> Response:
        """List it, newest first."""
        machine = machine_of(machine_id)
        wanted = parameters(request, AnomalyQuerySerializer).validated_data
        found = anomalies_of(machine, wanted.get("start"), wanted.get("end"))
        page = self.paginate_queryset(found) or []
        return self.get_paginated_response(AnomalySerializer(page, many=True).data)


@extend_schema_view(patch=docs.MARK)
class MachineAnomalyView(PerformanceView):
    """One anomaly."""

    actions: ClassVar = {"PATCH": Action.RUNS_TRAIN}

    def patch(self, request: Request, machine_id: str, anomaly_id: str) -> Response:
        """Say what it was."""
        anomaly = anomaly_get(machine_of(machine_id), id_of(anomaly_id, "anomaly_id"))
        body = parameters(request, MarkSerializer).validated_data
        anomaly = anomaly_mark(anomaly=anomaly, user=actor_of(request), **body)
        return Response(AnomalySerializer(anomaly).data)


@extend_schema_view(get=docs.FORECAST)
class MachineForecastView(PerformanceView):
    """What is to be expected."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, machine_id: str) -> Response:
        """Return it."""
        machine = machine_of(machine_id)
        wanted = parameters(request, ForecastQuerySerializer).validated_data
        found = forecast_of(machine, **wanted)
        return Response(
            {
                "machine_id": str(machine.pk),
                "machine_name": machine.name,
                "model_type": found.version.run.model_type,
                "model_id": str(found.version.run_id),
                "model_version": found.version.number,
                "target": found.target,
                "coverage": found.expected.coverage,
                "known_until": found.known_until,
                "points": ForecastPointSerializer(_points(found), many=True).data,
            }
        )


def _points(found: Outlook) -> list[dict[str, Any]]:
    expected = found.expected
    columns = (expected.times, plain(expected.mean), plain(expected.lower), plain(expected.upper))
    return [
        {"timestamp": moment_of(int(at)), "expected": mean, "lower": lower, "upper": upper}
        for at, mean, lower, upper in zip(*columns, strict=True)
    ]
