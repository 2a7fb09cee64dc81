"""The bodies of `/api/v1/machines/`."""

from typing import Any

from rest_framework import serializers

from modelwright.api.training_serializers import ClosedSerializer, NumberField, PlainTextField
from modelwright.catalog.ingest import ON_ERROR
from modelwright.catalog.machines import MAX_TAGS
from modelwright.catalog.models import Machine


class TruthField(serializers.BooleanField):
    """True or false; no text or number is taken for it."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class MachineFieldsSerializer(ClosedSerializer):
    """What may be changed of a machine; what isn't named stays."""

    name = PlainTextField(required=False, help_text="Unique.")
    site = PlainTextField(required=False, allow_blank=True)
    machine_type = PlainTextField(required=False, allow_blank=True)
    rated_power_kw = NumberField(required=False, allow_null=True)
    energy_price_per_kwh = NumberField(
        required=False, allow_null=True, help_text="In the site's currency."
    )
    carbon_kg_per_kwh = NumberField(required=False, allow_null=True, help_text="CO2.")
    timezone = PlainTextField(
        required=False, help_text="IANA name, such as Europe/Berlin: its days and hours are meant."
    )
    tags = serializers.ListField(
        child=PlainTextField(), required=False, max_length=MAX_TAGS, allow_empty=True
    )
    is_active = TruthField(required=False, help_text="Whether schedules look after it.")


class MachineCreateSerializer(MachineFieldsSerializer):
    """A new machine; the time zone is UTC unless given."""

    name = PlainTextField(help_text="Unique.")


class MachineSerializer(serializers.Serializer[Machine]):
    """A machine."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    site = serializers.CharField()
    machine_type = serializers.CharField()
    rated_power_kw = serializers.FloatField(allow_null=True)
    energy_price_per_kwh = serializers.FloatField(allow_null=True)
    carbon_kg_per_kwh = serializers.FloatField(allow_null=True)
    timezone = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    is_active = serializers.BooleanField()
    reading_count = serializers.IntegerField()
    first_reading_at = serializers.DateTimeField(allow_null=True)
    last_reading_at = serializers.DateTimeField(allow_null=True)
    channels = serializers.ListField(child=serializers.CharField(), help_text="That were read.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class IngestQuerySerializer(serializers.Serializer[Any]):
    """What to do with a batch that has bad rows."""

    on_error = serializers.ChoiceField(
        choices=ON_ERROR,
        default="reject",
        help_text="`reject`: store nothing; `skip`: store the other rows.",
    )


class RowErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with a row."""

    row = serializers.IntegerField(
        allow_null=True, help_text="From 1; null where it says how many more there are."
    )
    error = serializers.CharField()


class IngestedSerializer(serializers.Serializer[Any]):
    """What became of a batch."""

    accepted = serializers.IntegerField(help_text="Readings that are new.")
    updated = serializers.IntegerField(help_text="Readings that were there and changed.")
    rejected = serializers.IntegerField(help_text="Rows with something wrong in them.")
    errors = RowErrorSerializer(many=True, help_text="Of the first 100.")  # type: ignore[assignment]


class RefusedSerializer(IngestedSerializer):
    """A batch of which nothing was stored."""

    detail = serializers.CharField()
    code = serializers.CharField()
