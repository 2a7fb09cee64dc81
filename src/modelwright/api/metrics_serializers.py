"""The bodies of contract B's metrics and drift checks."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from modelwright.api.alert_serializers import MODEL_TYPES, AlertSerializer
from modelwright.api.identifiers import IdField
from modelwright.api.moments import MomentField
from modelwright.api.training_serializers import ClosedSerializer, NumberField
from modelwright.api.tuning_serializers import WordField
from modelwright.engine.drift.results import CONCEPT_DRIFT, DATA_DRIFT, NO_DRIFT
from modelwright.monitoring.models import MetricsRecord
from modelwright.monitoring.trends import DIRECTIONS

MAX_DAYS = 3660
DRIFT_TYPES = (NO_DRIFT, DATA_DRIFT, CONCEPT_DRIFT)


@extend_schema_field({"type": "object", "additionalProperties": {"type": "number"}})
class MetricsField(serializers.DictField):
    """Name -> number; in a query string as JSON."""

    child = NumberField(allow_null=True)

    def to_internal_value(self, data: Any) -> dict[str, float | None]:
        """Return the metrics."""
        if isinstance(data, str):
            try:
                data = json.loads(data)
            except ValueError:
                self.fail("not_a_dict", input_type="str")
        found: dict[str, float | None] = super().to_internal_value(data)
        return found


class ModelSerializer(ClosedSerializer):
    """Which model of which machine."""

    model_type = WordField(choices=MODEL_TYPES)
    machine_id = IdField()


class MetricsRecordRequestSerializer(ModelSerializer):
    """How a version did over a period."""

    model_id = IdField(required=False, help_text="Of the training job; default the champion's.")
    evaluation_start = MomentField()
    evaluation_end = MomentField()
    metrics = MetricsField(help_text="`r_squared`, `rmse`, `mae`, `mape` and any other number.")
    sample_count = serializers.IntegerField(
        default=0, min_value=0, max_value=2**31 - 1, help_text="Errors that they were made of."
    )


class MetricsRecordSerializer(serializers.Serializer[Any]):
    """A record."""

    id = serializers.UUIDField()
    model_id = serializers.UUIDField(allow_null=True)
    model_type = serializers.ChoiceField(choices=MODEL_TYPES)
    machine_id = serializers.UUIDField()
    machine_name = serializers.CharField(source="machine.name")
    model_version = serializers.IntegerField(allow_null=True)
    origin = serializers.ChoiceField(choices=MetricsRecord.Source.values, source="source")
    evaluation_date = serializers.DateTimeField()
    evaluation_start = serializers.DateTimeField()
    evaluation_end = serializers.DateTimeField()
    sample_count = serializers.IntegerField()
    r_squared = serializers.FloatField(allow_null=True)
    rmse = serializers.FloatField(allow_null=True)
    mae = serializers.FloatField(allow_null=True)
    mape = serializers.FloatField(allow_null=True)
    metrics = serializers.JSONField(help_text="All others.")
    drift_detected = serializers.BooleanField(allow_null=True)
    drift_score = serializers.FloatField(allow_null=True, help_text="1: at the threshold.")
    drift_type = serializers.CharField(allow_blank=True)
    drift_features = serializers.ListField(child=serializers.CharField())


class MetricsRecordedSerializer(MetricsRecordSerializer):
    """A new record and the alerts that it raised."""

    alerts = AlertSerializer(many=True)


class TrendQuerySerializer(ModelSerializer):
    """Of which days."""

    days = serializers.IntegerField(default=30, min_value=1, max_value=MAX_DAYS)


class TrendPointSerializer(serializers.Serializer[Any]):
    """One record of a trend."""

    evaluation_date = serializers.DateTimeField()
    model_version = serializers.IntegerField(allow_null=True)
    r_squared = serializers.FloatField(allow_null=True)
    rmse = serializers.FloatField(allow_null=True)
    mae = serializers.FloatField(allow_null=True)
    drift_detected = serializers.BooleanField(allow_null=True)
    drift_score = serializers.FloatField(allow_null=True)


class TrendSerializer(serializers.Serializer[Any]):
    """Records and where they lead."""

    model_type = serializers.ChoiceField(choices=MODEL_TYPES)
    machine_id = serializers.UUIDField()
    machine_name = serializers.CharField()
    metrics = TrendPointSerializer(many=True)
    trend_direction = serializers.ChoiceField(choices=DIRECTIONS)
    degradation_rate = serializers.FloatField(
        help_text="Relative growth of the error a day: 0.01 is 1 %; below 0 it shrinks."
    )


class DriftRequestSerializer(ModelSerializer):
    """Which version to check, and over which period."""

    model_id = IdField(required=False, help_text="Of the training job; default the champion's.")
    evaluation_start = MomentField(required=False, help_text="Default 24 hours before the end.")
    evaluation_end = MomentField(required=False, help_text="Excluded; default the last reading.")


class PerformanceSerializer(serializers.Serializer[Any]):
    """How a version does."""

    r_squared = serializers.FloatField(allow_null=True)
    rmse = serializers.FloatField(allow_null=True)
    mae = serializers.FloatField(allow_null=True)


class FeatureSerializer(serializers.Serializer[Any]):
    """One test of one channel."""

    name = serializers.CharField()
    test = serializers.CharField()
    statistic = serializers.FloatField()
    p_value = serializers.FloatField()
    drifted = serializers.BooleanField()
    detectable_shift = serializers.FloatField(
        allow_null=True, help_text="Smallest shift that is found, in standard deviations."
    )
    detectable_percent = serializers.FloatField(
        allow_null=True, help_text="The same in per cent of the channel's usual value."
    )


class DriftSerializer(serializers.Serializer[Any]):
    """What a drift check found."""

    drift_detected = serializers.BooleanField()
    drift_score = serializers.FloatField()
    drift_type = serializers.ChoiceField(choices=DRIFT_TYPES)
    recommendation = serializers.CharField()
    threshold = serializers.FloatField(help_text="What the score is compared with.")
    current_performance = PerformanceSerializer()
    baseline_performance = PerformanceSerializer(help_text="On the hold-out of the training.")
    features = FeatureSerializer(many=True)
