"""How `/docs` describes what is known of a machine."""

from typing import Any

from drf_spectacular.utils import extend_schema

from modelwright.api.dataset_docs import uuid_parameter
from modelwright.api.machine_docs import BAD_VALUE, ID, TAG
from modelwright.api.training_docs import COMMON, THROTTLED, problem
from modelwright.api.watch_serializers import (
    AnomalyQuerySerializer,
    AnomalySerializer,
    ForecastQuerySerializer,
    ForecastSerializer,
    KpisSerializer,
    MarkSerializer,
    PeriodQuerySerializer,
)

NOTHING = problem("No such machine, or nothing known", "No readings found for this period")
CLOSED: dict[Any, Any] = {**COMMON, 404: NOTHING, 422: BAD_VALUE}

KPIS = extend_schema(
    operation_id="machines_kpis",
    tags=[TAG],
    summary="Read the key figures of a machine's days",
    description="By its own days; without a period those of its last 30 days of readings.",
    parameters=[ID, PeriodQuerySerializer],
    responses={200: KpisSerializer, **CLOSED},
)
ANOMALIES = extend_schema(
    operation_id="machines_anomalies",
    tags=[TAG],
    summary="List what was out of the ordinary",
    description="Newest first, in pages.",
    parameters=[ID, AnomalyQuerySerializer],
    responses={200: AnomalySerializer(many=True), **CLOSED},
)
MARK = extend_schema(
    operation_id="machines_anomaly_mark",
    tags=[TAG],
    summary="Say that an anomaly is a false alarm, or is none",
    parameters=[ID, uuid_parameter("anomaly_id")],
    request=MarkSerializer,
    responses={200: AnomalySerializer, **CLOSED, 429: THROTTLED},
)
FORECAST = extend_schema(
    operation_id="machines_forecast",
    tags=[TAG],
    summary="Read what is to be expected of a machine",
    description=(
        "From the last reading on, as far as the model was made for; of a period before that, what"
        " was forecast then from what was known then."
    ),
    parameters=[ID, ForecastQuerySerializer],
    responses={200: ForecastSerializer, **CLOSED},
)
