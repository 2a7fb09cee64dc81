"""The bodies of `retrain/trigger` and `jobs`: contract B's names and types."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from modelwright.api.identifiers import IdField
from modelwright.api.training_serializers import ClosedSerializer, EventSerializer, PlainTextField
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.registry.models import ModelVersion
from modelwright.runs.estimates import estimated_completion
from modelwright.runs.machine_services import TRIGGER_TYPES
from modelwright.runs.models import TrainingRun
from modelwright.runs.retraining import PRIORITIES, PRIORITY_RANGE
from modelwright.runs.states import Status

MODEL_TYPES = tuple(MACHINE_MODEL_TYPES)
MAX_REASON = 1000


class OneOfField(serializers.ChoiceField):
    """One of some words, in any letter case; what was sent instead is not repeated."""

    def to_internal_value(self, data: Any) -> str:
        """Return the word."""
        word = data.lower() if isinstance(data, str) else data
        if not isinstance(word, str) or word not in self.choices:
            raise serializers.ValidationError(f"Must be one of {', '.join(self.choices)}.")
        return word


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": PRIORITY_RANGE[0], "maximum": PRIORITY_RANGE[1]},
            {"type": "string", "enum": list(PRIORITIES)},
        ]
    }
)
class PriorityField(serializers.Field[int, Any, Any, Any]):
    """A whole number, or a word for one."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        text = str(data).strip().lower()
        if text in PRIORITIES:
            return PRIORITIES[text]
        low, high = PRIORITY_RANGE
        try:
            number = int(text) if len(text) < 10 and not isinstance(data, bool) else None
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            raise serializers.ValidationError(
                f"Must be a whole number from {low} to {high}, or one of {', '.join(PRIORITIES)}."
            )
        return number

    def to_representation(self, value: int) -> int:
        """Return the number."""
        return value


class RetrainSerializer(ClosedSerializer):
    """What to train again."""

    model_type = OneOfField(choices=MODEL_TYPES)
    machine_id = IdField()
    trigger_type = OneOfField(choices=TRIGGER_TYPES, default="manual")
    reason = PlainTextField(default="", allow_blank=True, max_length=MAX_REASON)
    priority = PriorityField(
        default=0, help_text="Higher goes first. `low` is -10, `normal` 0, `high` 10."
    )


class RetrainedSerializer(serializers.Serializer[Any]):
    """What became of it."""

    triggered = serializers.BooleanField(
        help_text="False: one is pending or running for the same model type and machine."
    )
    trigger_type = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    training_job_id = serializers.UUIDField(allow_null=True)
    estimated_completion = serializers.DateTimeField(
        required=False,
        help_text=(
            "From the median of the last trainings of this model type, and what goes first. Before"
            " there are any: the latest that the limit of a run's length allows."
        ),
    )


class JobQuerySerializer(serializers.Serializer[Any]):
    """What the list of jobs can be narrowed by."""

    status = OneOfField(choices=Status.values, required=False)
    model_type = OneOfField(choices=MODEL_TYPES, required=False)
    machine_id = IdField(required=False)


class JobSerializer(serializers.Serializer[TrainingRun]):
    """One training of a machine's model."""

    id = serializers.UUIDField()
    number = serializers.IntegerField(help_text='The number people say: "run 10".')
    model_type = serializers.CharField()
    machine_id = serializers.UUIDField()
    machine_name = serializers.CharField(source="machine.name")
    status = serializers.ChoiceField(choices=Status.values)
    progress = serializers.SerializerMethodField()
    progress_message = serializers.CharField(allow_blank=True)
    model_version = serializers.SerializerMethodField()
    trigger_type = serializers.CharField()
    reason = serializers.CharField(source="trigger_reason", allow_blank=True)
    priority = serializers.IntegerField()
    triggered_by = serializers.CharField(source="user.username", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    training_duration_seconds = serializers.FloatField(allow_null=True)
    error_message = serializers.CharField(allow_blank=True)

    def get_progress(self, run: TrainingRun) -> float:
        """Return how far it is, 0 to 100."""
        return round(run.progress_percent, 2)

    def get_model_version(self, run: TrainingRun) -> int | None:
        """Return the number of the version that it made: 1, 2, 3 … per model type and machine."""
        version: ModelVersion | None = getattr(run, "version", None)
        return version.number if version else None


class JobDetailSerializer(JobSerializer):
    """One training in full."""

    estimated_completion = serializers.SerializerMethodField()
    metrics = serializers.JSONField(help_text="Of the hold-out, once it has completed.")
    warnings = serializers.ListField(child=serializers.CharField())
    attempt = serializers.IntegerField()
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    error_type = serializers.CharField(allow_blank=True)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_estimated_completion(self, run: TrainingRun) -> Any:
        """Return when an open one will have ended, at the usual pace."""
        return (
            serializers.DateTimeField().to_representation(estimated_completion(run))
            if (run.is_open)
            else None
        )


class JobEventsSerializer(serializers.Serializer[Any]):
    """What happened to a job after what is known."""

    training_job_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Status.values)
    events = EventSerializer(many=True)
    last_id = serializers.IntegerField(help_text="To go on from: `?after=`.")
