"""The bodies of `/api/v1/machines/`."""

import datetime as dt
from typing import Any

from rest_framework import serializers

from modelwright.api.training_serializers import ClosedSerializer, NumberField, PlainTextField
from modelwright.catalog.ingest import ON_ERROR
from modelwright.catalog.machines import MAX_TAGS
from modelwright.catalog.models import Machine
from modelwright.catalog.quality import Quality
from modelwright.core.clock import moment_of
from modelwright.engine.machines.downsample import RESOLUTIONS
from modelwright.engine.machines.finding import Finding


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
    """A batch of which nothing was stored; counts and rows where the rows are what is wrong."""

    detail = serializers.CharField()
    code = serializers.CharField(required=False)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("accepted", "updated", "rejected", "errors"):
            self.fields[name].required = False


class PeriodQuerySerializer(serializers.Serializer[Any]):
    """A period; both ends may be left open."""

    start = serializers.CharField(
        default="", max_length=40, help_text="ISO 8601; the machine's own time where without zone."
    )
    end = serializers.CharField(
        default="", max_length=40, help_text="Not included; of a date alone the whole day is."
    )


class ReadingsQuerySerializer(PeriodQuerySerializer):
    """Which readings, and how close together."""

    channels = serializers.CharField(
        default="", max_length=7000, help_text="Names with commas between them; all by default."
    )
    resolution = serializers.ChoiceField(
        choices=RESOLUTIONS,
        default="raw",
        help_text="`auto`: the finest that gives no more than `limit` points.",
    )
    limit = serializers.IntegerField(default=1000, min_value=2, max_value=50_000)


class ReadingsSerializer(serializers.Serializer[Any]):
    """Readings of a period, oldest first."""

    machine_id = serializers.UUIDField()
    resolution = serializers.ChoiceField(choices=RESOLUTIONS)
    width_seconds = serializers.FloatField(help_text="That a row stands for; 0: one reading.")
    channels = serializers.ListField(child=serializers.CharField())
    count = serializers.IntegerField(help_text="Readings in the period, however drawn together.")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True, help_text="Always null.")
    results = serializers.ListField(
        child=serializers.DictField(),
        help_text=(
            "`timestamp` and a number, or null, for each channel. Where drawn together: how many"
            " `readings`, energy and counts summed, of other channels the mean, and of each the"
            " least and largest reading as `<channel>_min` and `<channel>_max`."
        ),
    )


class FindingSerializer(serializers.Serializer[Any]):
    """Something about readings that somebody should look at."""

    kind = serializers.CharField()
    channel = serializers.CharField(help_text="Empty where all are concerned.")
    severity = serializers.ChoiceField(choices=["info", "warning", "critical"])
    start = serializers.SerializerMethodField()
    end = serializers.SerializerMethodField()
    count = serializers.IntegerField(help_text="Readings concerned.")
    message = serializers.CharField()

    def get_start(self, finding: Finding) -> dt.datetime:
        """Return the first reading concerned."""
        return moment_of(finding.start)

    def get_end(self, finding: Finding) -> dt.datetime:
        """Return the last one."""
        return moment_of(finding.end)


class QualitySerializer(serializers.Serializer[Quality]):
    """What is wrong with the readings of a period."""

    machine_id = serializers.UUIDField(source="machine.pk")
    start = serializers.DateTimeField(allow_null=True, help_text="First reading looked at.")
    end = serializers.DateTimeField(allow_null=True, help_text="Last one.")
    readings = serializers.IntegerField()
    findings = FindingSerializer(many=True, help_text="Gravest first.")
