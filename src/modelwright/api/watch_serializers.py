"""The bodies of what is known of a machine: key figures, anomalies, forecast."""

from typing import Any

from rest_framework import serializers

from modelwright.api.moments import MomentField
from modelwright.api.training_serializers import ClosedSerializer
from modelwright.api.tuning_serializers import TrueFalseField, WordField
from modelwright.monitoring.alert_types import Severity
from modelwright.monitoring.outlook import FORECASTS


class PeriodQuerySerializer(ClosedSerializer):
    """Of which time."""

    start = MomentField(required=False)
    end = MomentField(required=False, help_text="Excluded.")


class AnomalyQuerySerializer(PeriodQuerySerializer):
    """Of which time, and which page."""

    page = serializers.IntegerField(min_value=1, required=False)
    page_size = serializers.IntegerField(min_value=1, required=False)


class ForecastQuerySerializer(PeriodQuerySerializer):
    """Of which time, by which model type."""

    model_type = WordField(
        choices=FORECASTS,
        required=False,
        help_text="Default: that with the smaller error on its hold-out.",
    )


class KpiDaySerializer(serializers.Serializer[Any]):
    """Key figures of one of the machine's own days."""

    day = serializers.DateField()
    energy_kwh = serializers.FloatField(allow_null=True)
    production_count = serializers.FloatField(allow_null=True)
    specific_energy_kwh = serializers.FloatField(allow_null=True, help_text="kWh a piece.")
    peak_kw = serializers.FloatField(allow_null=True)
    demand_minutes = serializers.IntegerField(help_text="Interval whose mean power the peak is.")
    load_factor = serializers.FloatField(allow_null=True, help_text="Mean power over the peak.")
    cost = serializers.FloatField(allow_null=True)
    carbon_kg = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField(help_text="Share of the day with energy or power.")
    reading_count = serializers.IntegerField()


class KpiTotalsSerializer(serializers.Serializer[Any]):
    """Key figures of all days together."""

    energy_kwh = serializers.FloatField(allow_null=True)
    production_count = serializers.FloatField(allow_null=True)
    specific_energy_kwh = serializers.FloatField(allow_null=True)
    peak_kw = serializers.FloatField(allow_null=True)
    load_factor = serializers.FloatField(allow_null=True)
    cost = serializers.FloatField(allow_null=True)
    carbon_kg = serializers.FloatField(allow_null=True)


class KpisSerializer(serializers.Serializer[Any]):
    """Key figures of a machine."""

    machine_id = serializers.UUIDField()
    machine_name = serializers.CharField()
    timezone = serializers.CharField(help_text="Whose days they are.")
    days = KpiDaySerializer(many=True)
    totals = KpiTotalsSerializer()


class AnomalySerializer(serializers.Serializer[Any]):
    """A stretch of readings that is out of the ordinary."""

    id = serializers.UUIDField()
    start = serializers.DateTimeField(source="start_at")
    end = serializers.DateTimeField(source="end_at", help_text="The last reading of it.")
    severity = serializers.ChoiceField(choices=Severity.values)
    score = serializers.FloatField(help_text="1: at the threshold.")
    channels = serializers.ListField(child=serializers.CharField(), help_text="Loudest first.")
    message = serializers.CharField()
    is_false_alarm = serializers.BooleanField()
    detected_at = serializers.DateTimeField()
    model_version = serializers.IntegerField(source="version.number", default=None, allow_null=True)


class MarkSerializer(ClosedSerializer):
    """What people say of an anomaly."""

    is_false_alarm = TrueFalseField()


class ForecastPointSerializer(serializers.Serializer[Any]):
    """One step of a forecast."""

    timestamp = serializers.DateTimeField()
    expected = serializers.FloatField(allow_null=True)
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)


class ForecastSerializer(serializers.Serializer[Any]):
    """A forecast."""

    machine_id = serializers.UUIDField()
    machine_name = serializers.CharField()
    model_type = serializers.ChoiceField(choices=FORECASTS)
    model_id = serializers.UUIDField()
    model_version = serializers.IntegerField()
    target = serializers.CharField(help_text="The channel.")
    coverage = serializers.FloatField(help_text="Share of values between `lower` and `upper`.")
    known_until = serializers.DateTimeField(help_text="The last reading.")
    points = ForecastPointSerializer(many=True)
