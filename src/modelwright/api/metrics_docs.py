"""How `/docs` describes metrics and drift checks."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema

from modelwright.api.metrics_serializers import (
    DriftRequestSerializer,
    DriftSerializer,
    MetricsRecordedSerializer,
    MetricsRecordRequestSerializer,
    TrendQuerySerializer,
    TrendSerializer,
)
from modelwright.api.training_docs import COMMON, THROTTLED, problem

TAG = "Model performance"
WRONG = problem("A value can't be meant", "machine_id: Not a valid UUID.")
NO_MACHINE = problem("No such machine or model, or nothing known", "Machine not found")
CLOSED: dict[Any, Any] = {422: WRONG, **COMMON, 404: NO_MACHINE}

RECORD = extend_schema(
    operation_id="metrics_record",
    tags=[TAG],
    summary="Record how a version did over a period",
    description=(
        "It is compared with the version's hold-out and, where the readings of the period have"
        " been counted, with the data that it learned from. The parameters may stand in the query"
        " string too, `metrics` as JSON."
    ),
    request=MetricsRecordRequestSerializer,
    examples=[
        OpenApiExample(
            "A week",
            value={
                "model_id": "0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11",
                "model_type": "baseline",
                "machine_id": "5f0c7a11-7c2e-4d3c-9f57-0b3c9a0e1f5f",
                "evaluation_start": "2026-03-02T00:00:00Z",
                "evaluation_end": "2026-03-09T00:00:00Z",
                "metrics": {"r_squared": 0.91, "rmse": 4.2, "mae": 3.1, "mape": 6.4},
                "sample_count": 168,
            },
            request_only=True,
        )
    ],
    responses={201: MetricsRecordedSerializer, **CLOSED, 429: THROTTLED},
)
TREND = extend_schema(
    operation_id="metrics_trend",
    tags=[TAG],
    summary="Read how a model has done, and where that leads",
    parameters=[TrendQuerySerializer],
    responses={200: TrendSerializer, **CLOSED},
)
DRIFT = extend_schema(
    operation_id="drift_check",
    tags=[TAG],
    summary="Check a model for drift",
    description=(
        "Of the data, by counts that are kept of each hour, and of the errors. Drift is recorded"
        " and raises an alert; a check up to the last reading that finds none closes it."
    ),
    request=DriftRequestSerializer,
    responses={200: DriftSerializer, **CLOSED, 429: THROTTLED},
)
