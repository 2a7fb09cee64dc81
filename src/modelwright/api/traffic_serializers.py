"""The bodies of monitoring from traffic."""

from typing import Any

from rest_framework import serializers

from modelwright.api.training_serializers import ClosedSerializer
from modelwright.api.tuning_serializers import WordField
from modelwright.monitoring.traffic.selectors import MAX_DAYS, STEPS, VersionSeries


class TrafficFeatureSerializer(serializers.Serializer[Any]):
    """One column that was compared with the training's."""

    name = serializers.CharField()
    test = serializers.CharField()
    statistic = serializers.FloatField(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    adjusted_p = serializers.FloatField(allow_null=True)
    effect = serializers.FloatField(allow_null=True)
    floor = serializers.FloatField()
    drifted = serializers.BooleanField()
    detectable_shift = serializers.FloatField(allow_null=True)
    note = serializers.CharField(allow_blank=True)


class TrafficPartSerializer(serializers.Serializer[Any]):
    """Inputs, or answers."""

    drifted = serializers.BooleanField()
    score = serializers.FloatField(help_text="1 or more: drifted.")
    rows = serializers.IntegerField()
    features = TrafficFeatureSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class TrafficPeriodSerializer(serializers.Serializer[Any]):
    """Full hours; the end is excluded."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    rows = serializers.IntegerField(help_text="Answers that are kept.")
    actuals = serializers.IntegerField(help_text="Those that an actual value came for.")


class TrafficCheckSerializer(serializers.Serializer[Any]):
    """What a check of the champion's traffic found."""

    version = serializers.IntegerField()
    drift_detected = serializers.BooleanField()
    drift_type = serializers.ChoiceField(
        choices=["no_drift", "data_drift", "prediction_drift", "concept_drift"]
    )
    drift_score = serializers.FloatField()
    threshold = serializers.FloatField()
    benign = serializers.BooleanField(
        help_text="Something moved, and the model is known to be as right as on its hold-out."
    )
    recommendation = serializers.CharField()
    traffic = TrafficPeriodSerializer()
    outcomes = TrafficPeriodSerializer()
    inputs = TrafficPartSerializer(allow_null=True)
    answers = TrafficPartSerializer(allow_null=True)
    metrics = serializers.DictField(child=serializers.FloatField())
    baseline_metrics = serializers.DictField(child=serializers.FloatField())
    baseline_rows = serializers.IntegerField(allow_null=True)
    error_ratio = serializers.FloatField(allow_null=True)
    is_worse = serializers.BooleanField()


class TrafficSerializer(serializers.Serializer[Any]):
    """What is known of a subject's traffic."""

    subject = serializers.CharField()
    version = serializers.IntegerField(allow_null=True)
    is_profiled = serializers.BooleanField(
        help_text="Whether a profile of the champion's training is there to compare with."
    )
    checked_at = serializers.DateTimeField(allow_null=True)
    check = TrafficCheckSerializer(allow_null=True)


class TrafficQuerySerializer(ClosedSerializer):
    """Which metrics."""

    days = serializers.IntegerField(default=30, min_value=1, max_value=MAX_DAYS)
    step = WordField(choices=list(STEPS), default="day")
    version = serializers.IntegerField(required=False, min_value=1)


class TrafficWindowSerializer(serializers.Serializer[Any]):
    """An hour or a day of one version."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    given = serializers.IntegerField(help_text="Answers that were given and kept.")
    shadow = serializers.IntegerField(help_text="Answers in shadow.")
    actuals = serializers.IntegerField()
    metrics = serializers.DictField(child=serializers.FloatField())


class TrafficVersionSerializer(serializers.Serializer[VersionSeries]):
    """One version over time."""

    version = serializers.IntegerField(source="version.number")
    model_version = serializers.CharField(source="version.name")
    windows = TrafficWindowSerializer(many=True)


class TrafficMetricsSerializer(serializers.Serializer[Any]):
    """Metrics from predictions and actual values, by version and time."""

    subject = serializers.CharField()
    step = serializers.CharField()
    versions = TrafficVersionSerializer(many=True)
