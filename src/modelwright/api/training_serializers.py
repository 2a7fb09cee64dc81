"""The bodies of `/api/training/`: contract A's names and types."""

from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from modelwright.engine.presets import FUTURE_SKILLS
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import TrainingRequest
from modelwright.runs.states import Status

MAX_NOTES = 10_000
STATUSES = [status.upper() for status in Status.values]


class PlainTextField(serializers.CharField):
    """Text only: a number or true is not taken for text."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text as it was sent."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class NumberField(serializers.FloatField):
    """A finite number; true and false are none."""

    def to_internal_value(self, data: Any) -> float:
        """Return the number."""
        if isinstance(data, bool):
            self.fail("invalid")
        value = super().to_internal_value(data)
        if value != value or value in (float("inf"), float("-inf")):
            self.fail("invalid")
        return value


class ClosedSerializer(serializers.Serializer[Any]):
    """Refuses fields that it doesn't know, so that a slip of the pen isn't lost without a word."""

    hints: ClassVar[dict[str, str]] = {}

    def to_internal_value(self, data: Any) -> Any:
        """Return the known fields."""
        if isinstance(data, dict) and (unknown := [n for n in data if n not in self.fields]):
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                {
                    str(name)[:100]: [self.hints.get(name, f"Unknown field. Known are: {known}.")]
                    for name in unknown[:20]
                }
            )
        return super().to_internal_value(data)


class TrainRequestSerializer(ClosedSerializer):
    """What to train."""

    hints: ClassVar = {
        name: "Unknown field: a hyperparameter belongs inside 'hyperparameters'."
        for name in FUTURE_SKILLS.hyperparameters
    }

    dataset_path = PlainTextField(
        default=settings.SAMPLE_DATASET,
        trim_whitespace=False,
        help_text="Relative to the data root.",
    )
    test_split = NumberField(default=0.2, help_text="Share kept for the evaluation, 0.1 to 0.5.")
    hyperparameters = serializers.DictField(
        default=dict,
        help_text=(
            "`n_estimators` 1 to 1000, `max_depth` 1 to 100 or null, `min_samples_split` from 2,"
            " `min_samples_leaf` from 1, `class_weight` balanced, balanced_subsample or null."
        ),
    )
    model_version = PlainTextField(
        required=False, trim_whitespace=False, help_text="Unique; without it one is made."
    )
    notes = PlainTextField(
        default="", allow_blank=True, trim_whitespace=False, max_length=MAX_NOTES
    )

    def to_request(self) -> TrainingRequest:
        """Return the checked body as the service takes it."""
        return TrainingRequest(**self.validated_data)


class NotesSerializer(ClosedSerializer):
    """The one thing of a run that may be changed."""

    notes = PlainTextField(allow_blank=True, trim_whitespace=False, max_length=MAX_NOTES)


class StatusField(serializers.CharField):
    """A status in upper case, as the contract has it."""

    def to_representation(self, value: Any) -> str:
        """Return it in upper case."""
        return str(value).upper()


class StatusChoiceField(serializers.ChoiceField):
    """For the description only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=STATUSES, **kwargs)


@extend_schema_field(StatusChoiceField())
class RunStatusField(StatusField):
    """The status, described as the five words it may be."""


class TrainingRunListSerializer(serializers.Serializer[TrainingRun]):
    """A run in the list."""

    id = serializers.IntegerField(source="number", help_text='The number people say: "run 10".')
    run_date = serializers.DateTimeField(source="created_at")
    model_version = serializers.CharField()
    status = RunStatusField()
    accuracy = serializers.FloatField(allow_null=True)
    precision = serializers.FloatField(allow_null=True, help_text="Weighted by support.")
    recall = serializers.FloatField(allow_null=True, help_text="Weighted by support.")
    f1_score = serializers.FloatField(allow_null=True, help_text="Weighted by support.")
    training_duration_seconds = serializers.FloatField(allow_null=True)
    trained_by_username = serializers.CharField(
        source="user.username", default=None, allow_null=True
    )


class TrainingRunSerializer(TrainingRunListSerializer):
    """A run in full."""

    model_path = serializers.CharField(allow_blank=True)
    dataset_path = serializers.CharField()
    error_message = serializers.CharField(allow_blank=True)
    total_samples = serializers.IntegerField(allow_null=True)
    train_samples = serializers.IntegerField(allow_null=True)
    test_samples = serializers.IntegerField(allow_null=True)
    test_split = serializers.FloatField()
    n_estimators = serializers.IntegerField(allow_null=True)
    random_state = serializers.IntegerField()
    hyperparameters = serializers.JSONField(help_text="Every one in force.")
    per_class_metrics = serializers.JSONField()
    confusion_matrix = serializers.JSONField()
    feature_importance = serializers.JSONField()
    features_used = serializers.ListField(child=serializers.CharField())
    notes = serializers.CharField(allow_blank=True)


class MetricsSerializer(serializers.Serializer[Any]):
    """Of the rows that the model hasn't seen; precision, recall and F1 weighted by support."""

    accuracy = serializers.FloatField()
    precision = serializers.FloatField()
    recall = serializers.FloatField()
    f1_score = serializers.FloatField()
    training_duration_seconds = serializers.FloatField()


class TrainedSerializer(serializers.Serializer[Any]):
    """A training that succeeded."""

    training_run_id = serializers.IntegerField()
    status = StatusChoiceField()
    message = serializers.CharField()
    model_version = serializers.CharField()
    metrics = MetricsSerializer()


class TrainingOpenSerializer(serializers.Serializer[Any]):
    """A training that goes on."""

    training_run_id = serializers.IntegerField()
    status = StatusChoiceField()
    message = serializers.CharField()
    model_version = serializers.CharField()


class TrainingFailedSerializer(serializers.Serializer[Any]):
    """A training that failed, was cancelled, or could not begin since another one runs."""

    training_run_id = serializers.IntegerField(allow_null=True)
    status = StatusChoiceField(allow_null=True)
    message = serializers.CharField()
    error = serializers.CharField()


class InvalidRequestSerializer(serializers.Serializer[Any]):
    """Which fields are wrong, and how."""

    error = serializers.CharField()
    details = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class ProblemSerializer(serializers.Serializer[Any]):
    """Why not."""

    detail = serializers.CharField()


class EventSerializer(serializers.Serializer[Any]):
    """Something that happened to a run."""

    id = serializers.IntegerField(help_text="Grows; give the last one as `after`.")
    kind = serializers.ChoiceField(choices=["status", "progress", "log"])
    at = serializers.DateTimeField()
    attempt = serializers.IntegerField()
    data = serializers.JSONField()  # type: ignore[assignment]  # a field of that name


class EventsSerializer(serializers.Serializer[Any]):
    """Some events, oldest first."""

    training_run_id = serializers.IntegerField()
    status = StatusChoiceField()
    events = EventSerializer(many=True)
    last_id = serializers.IntegerField(help_text="Ask for what comes after this one.")


class EventsQuerySerializer(serializers.Serializer[Any]):
    """From where to read."""

    after = serializers.IntegerField(default=0, min_value=0, max_value=2**63 - 1)
    limit = serializers.IntegerField(default=500, min_value=1, max_value=1000)
