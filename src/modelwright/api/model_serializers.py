"""The bodies of `/api/v1/models/`."""

from typing import Any

from rest_framework import serializers

from modelwright.api.identifiers import IdField
from modelwright.api.job_status import WORDS, JobStatusSerializer, JobWordField, word_of
from modelwright.api.training_serializers import ClosedSerializer, NumberField, PlainTextField
from modelwright.engine.presets import FUTURE_SKILLS
from modelwright.runs.models import TrainingRun

MAX_NOTES = 10_000
MAX_SEED = 2**32 - 1


class SeedField(serializers.IntegerField):
    """A whole number as NumPy takes it for a seed; true, "5" and 5.0 are none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_SEED, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Return it."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class ModelTrainSerializer(ClosedSerializer):
    """What to train."""

    experiment_id = IdField()
    model_type = PlainTextField(default=FUTURE_SKILLS.model_type, max_length=64)
    hyperparameters = serializers.DictField(
        default=dict, help_text="Of the model type; what is not named keeps its default."
    )
    test_size = NumberField(default=0.2, help_text="Share kept for the evaluation, 0.1 to 0.5.")
    random_state = SeedField(default=42, help_text="Seed of split and model.")
    notes = PlainTextField(default="", allow_blank=True, max_length=MAX_NOTES)


class ModelAcceptedSerializer(serializers.Serializer[Any]):
    """A training that was submitted."""

    model_run_id = serializers.UUIDField()
    task_id = serializers.UUIDField()
    status = JobWordField()
    message = serializers.CharField()
    created_at = serializers.DateTimeField()


class ModelResultSerializer(serializers.Serializer[Any]):
    """What a completed training gave."""

    model_version = serializers.CharField()
    metrics = serializers.JSONField()
    training_duration_seconds = serializers.FloatField()


class ModelStatusSerializer(JobStatusSerializer):
    """Where a training stands."""

    model_run_id = serializers.UUIDField()
    result = ModelResultSerializer(allow_null=True)


class ModelMetricsSerializer(serializers.Serializer[TrainingRun]):
    """How a model does on rows that it hasn't seen."""

    model_run_id = serializers.UUIDField(source="id")
    task = serializers.CharField()
    metrics = serializers.JSONField()
    per_class_metrics = serializers.JSONField()
    confusion_matrix = serializers.JSONField()
    total_samples = serializers.IntegerField()
    train_samples = serializers.IntegerField()
    test_samples = serializers.IntegerField()
    training_duration_seconds = serializers.FloatField()


class RankedFeatureSerializer(serializers.Serializer[Any]):
    """A column and how much it matters."""

    rank = serializers.IntegerField()
    feature = serializers.CharField()
    importance = serializers.FloatField()


class ModelImportanceSerializer(serializers.Serializer[TrainingRun]):
    """How much each column matters, largest first; all together 1."""

    model_run_id = serializers.UUIDField(source="id")
    feature_importance = serializers.JSONField(help_text="Column -> importance.")
    features = serializers.SerializerMethodField()

    def get_features(self, run: TrainingRun) -> list[dict[str, Any]]:
        """Return them by rank."""
        return [
            {"rank": rank, "feature": name, "importance": value}
            for rank, (name, value) in enumerate(ranked(run), start=1)
        ]

    def to_representation(self, instance: TrainingRun) -> dict[str, Any]:
        """Return the body, sorted: a database may have forgotten the order."""
        body: dict[str, Any] = super().to_representation(instance)
        body["feature_importance"] = dict(ranked(instance))
        return body


def ranked(run: TrainingRun) -> list[tuple[str, float]]:
    """Return the columns of a run's model with their importance, largest first."""
    return sorted(run.feature_importance.items(), key=lambda item: (-item[1], item[0]))


class ModelListSerializer(serializers.Serializer[TrainingRun]):
    """A model run in the list."""

    id = serializers.UUIDField()
    number = serializers.IntegerField(help_text='The number people say: "run 10".')
    experiment_id = serializers.UUIDField(allow_null=True)
    model_type = serializers.CharField()
    task = serializers.CharField()
    status = serializers.SerializerMethodField()
    model_version = serializers.CharField()
    metrics = serializers.JSONField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    trained_by = serializers.CharField(source="user.username", default=None, allow_null=True)

    def get_status(self, run: TrainingRun) -> str:
        """Return the contract's word."""
        return word_of(run)


class ModelSerializer(ModelListSerializer):
    """A model run in full."""

    dataset_id = serializers.UUIDField(
        source="experiment.dataset_id", default=None, allow_null=True
    )
    dataset_sha256 = serializers.CharField(allow_blank=True)
    target_column = serializers.CharField()
    hyperparameters = serializers.JSONField(help_text="Every one in force, once it has completed.")
    requested_hyperparameters = serializers.JSONField()
    test_size = serializers.FloatField(source="test_split")
    random_state = serializers.IntegerField()
    features_used = serializers.ListField(child=serializers.CharField())
    total_samples = serializers.IntegerField(allow_null=True)
    training_duration_seconds = serializers.FloatField(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    environment = serializers.JSONField()
    error_message = serializers.CharField(allow_blank=True)
    notes = serializers.CharField(allow_blank=True)


class ModelQuerySerializer(serializers.Serializer[Any]):
    """What the list can be narrowed by."""

    experiment_id = IdField(required=False)
    status = serializers.ChoiceField(choices=WORDS, required=False)
