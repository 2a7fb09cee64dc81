"""The bodies of contract B's alerts and of the rules that say how they are treated."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from modelwright.api.identifiers import IdField
from modelwright.api.moments import MomentField
from modelwright.api.training_serializers import ClosedSerializer, NumberField, PlainTextField
from modelwright.api.tuning_serializers import WordField
from modelwright.monitoring.alert_rules import ALL_MODEL_TYPES, MAX_COOLDOWN_MINUTES
from modelwright.monitoring.alert_types import STATUSES, AlertType, Severity

MAX_RESOLUTION = 2000
MODEL_TYPES = list(ALL_MODEL_TYPES)


class AlertSerializer(serializers.Serializer[Any]):
    """An open alert, as the contract has it."""

    alert_id = serializers.UUIDField(source="pk")
    model_type = serializers.CharField(allow_blank=True)
    machine_id = serializers.UUIDField(allow_null=True)
    machine_name = serializers.CharField(source="machine.name", default=None, allow_null=True)
    alert_type = serializers.ChoiceField(choices=AlertType.values)
    severity = serializers.ChoiceField(choices=Severity.values)
    message = serializers.CharField()
    current_value = serializers.FloatField(allow_null=True)
    threshold = serializers.FloatField(allow_null=True)
    created_at = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=STATUSES)
    subject = serializers.CharField(
        source="subject.slug",
        default=None,
        required=False,
        help_text="Slug of the model, where the alert is about none of a machine; else left out.",
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Leave the subject out where the alert is about a machine: as the contract has it."""
        found: dict[str, Any] = super().to_representation(instance)
        if found["subject"] is None:
            del found["subject"]
        return found


class AlertDetailSerializer(AlertSerializer):
    """An alert in full."""

    occurrences = serializers.IntegerField(help_text="How often it was found.")
    last_seen_at = serializers.DateTimeField()
    silenced_until = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.CharField(
        source="acknowledged_by.username", default=None, allow_null=True
    )
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolved_by = serializers.CharField(
        source="resolved_by.username",
        default=None,
        allow_null=True,
        help_text="null: its cause was gone.",
    )
    resolution = serializers.CharField(allow_blank=True)
    facts = serializers.JSONField(source="data")


class AlertsQuerySerializer(ClosedSerializer):
    """Which open alerts."""

    machine_id = IdField(required=False)
    model_type = WordField(choices=MODEL_TYPES, required=False)
    severity = WordField(choices=Severity.values, required=False)
    alert_type = WordField(choices=AlertType.values, required=False)


class AlertHistoryQuerySerializer(AlertsQuerySerializer):
    """Which alerts, resolved ones too."""

    status = WordField(choices=STATUSES, required=False)
    page = serializers.IntegerField(min_value=1, required=False)
    page_size = serializers.IntegerField(min_value=1, required=False)


class ResolveSerializer(ClosedSerializer):
    """How an alert came to its end."""

    resolution = PlainTextField(default="", allow_blank=True, max_length=MAX_RESOLUTION)


class SilenceSerializer(ClosedSerializer):
    """For how long an alert tells nobody."""

    until = MomentField(allow_null=True, help_text="null: it may tell again.")


class NothingSerializer(ClosedSerializer):
    """No fields."""


@extend_schema_field({"type": "number", "nullable": True})
class LimitField(NumberField):
    """A threshold; none where it is left as it is without a rule."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, required=False, **kwargs)


class TreatmentSerializer(ClosedSerializer):
    """How alerts are treated."""

    warning_at = LimitField(help_text="Below it there is no alert; null: as without a rule.")
    critical_at = LimitField(help_text="From it on the alert is critical.")
    cooldown_minutes = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_COOLDOWN_MINUTES,
        help_text="After an incident was resolved, it stays quiet for so long unless it is worse.",
    )
    is_muted = serializers.BooleanField(required=False, help_text="No alerts are raised at all.")


class AlertRuleCreateSerializer(TreatmentSerializer):
    """Which alerts a rule is for, and how they are treated."""

    alert_type = WordField(choices=AlertType.values)
    model_type = WordField(choices=MODEL_TYPES, required=False, help_text="Without it: all.")
    machine_id = IdField(required=False, allow_null=True, help_text="Without it: all.")


class AlertRuleSerializer(serializers.Serializer[Any]):
    """A rule."""

    id = serializers.IntegerField()
    alert_type = serializers.ChoiceField(choices=AlertType.values)
    model_type = serializers.CharField(allow_blank=True)
    machine_id = serializers.UUIDField(allow_null=True)
    machine_name = serializers.CharField(source="machine.name", default=None, allow_null=True)
    warning_at = serializers.FloatField(allow_null=True)
    critical_at = serializers.FloatField(allow_null=True)
    cooldown_minutes = serializers.IntegerField()
    is_muted = serializers.BooleanField()
    updated_at = serializers.DateTimeField()
