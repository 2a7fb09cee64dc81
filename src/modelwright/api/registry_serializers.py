"""The bodies of the registry: subjects, versions, promotion, timeline."""

from typing import Any

from rest_framework import serializers

from modelwright.api.training_serializers import ClosedSerializer, PlainTextField
from modelwright.automation.timeline import KINDS
from modelwright.registry.models import ModelVersion, Promotion, Subject
from modelwright.registry.promotion import CHAMPION
from modelwright.runs.models import TrainingRun

MAX_REASON = 1000
MAX_TAGS = 20


class VersionSerializer(serializers.Serializer[ModelVersion]):
    """A version."""

    version = serializers.IntegerField(source="number")
    model_id = serializers.UUIDField(source="run_id", help_text="Of the training that made it.")
    name = serializers.CharField()
    run_number = serializers.IntegerField(source="run.number")
    aliases = serializers.SerializerMethodField()
    parent_version = serializers.IntegerField(
        source="parent.number", default=None, allow_null=True, help_text="Champion at the time."
    )
    metrics = serializers.JSONField(source="run.metrics")
    sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField()
    tags = serializers.ListField(child=serializers.CharField())
    notes = serializers.CharField()
    removed_at = serializers.DateTimeField(
        allow_null=True, help_text="When its file was given up to free space; null: it is there."
    )
    created_at = serializers.DateTimeField()

    def get_aliases(self, version: ModelVersion) -> list[str]:
        """Return the names that point at it."""
        return sorted(alias.name for alias in version.aliases.all())


class LineageSerializer(serializers.Serializer[TrainingRun]):
    """Where a version comes from: what its training run says."""

    dataset_path = serializers.CharField()
    dataset_sha256 = serializers.CharField(
        help_text="Of the file; of a machine's model: of the readings that it learned from."
    )
    gathered_dataset_id = serializers.UUIDField(
        source="gathered_id",
        allow_null=True,
        help_text="That table with rows that were predicted and have come true, if it learned from"
        " such.",
    )
    machine_id = serializers.UUIDField(allow_null=True)
    experiment_id = serializers.UUIDField(allow_null=True)
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    features = serializers.ListField(child=serializers.CharField(), source="features_used")
    target = serializers.CharField(source="target_column")
    hyperparameters = serializers.JSONField()
    random_state = serializers.IntegerField()
    test_split = serializers.FloatField()
    tuning_run_id = serializers.UUIDField(
        allow_null=True, help_text="The search that found its hyperparameters."
    )
    trigger_type = serializers.CharField()
    trigger_reason = serializers.CharField()
    trained_by = serializers.CharField(source="user.username", default=None, allow_null=True)
    environment = serializers.DictField(help_text="Versions of Modelwright, Python and libraries.")


class VersionDetailSerializer(VersionSerializer):
    """A version and where it comes from: its model card."""

    lineage = LineageSerializer(source="run")
    origin = serializers.JSONField(
        allow_null=True, help_text="Of an imported version: where it was before, and who signed it."
    )
    description = serializers.JSONField(source="run.description")
    warnings = serializers.ListField(child=serializers.CharField(), source="run.warnings")


class VersionChangeSerializer(ClosedSerializer):
    """What may be changed of a version."""

    tags = serializers.ListField(
        child=PlainTextField(max_length=50), required=False, max_length=MAX_TAGS
    )
    notes = PlainTextField(required=False, allow_blank=True, max_length=10_000)


class SubjectSerializer(serializers.Serializer[Subject]):
    """A subject."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    title = serializers.CharField()
    model_type = serializers.CharField()
    machine_id = serializers.UUIDField(allow_null=True)
    experiment_id = serializers.UUIDField(allow_null=True)
    promotion = serializers.ChoiceField(choices=Subject.Promotion.values)
    champion = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_champion(self, subject: Subject) -> int | None:
        """Return the number of the version that answers."""
        found = [a.version.number for a in subject.aliases.all() if a.name == CHAMPION]
        return found[0] if found else None


class SubjectChangeSerializer(ClosedSerializer):
    """How versions of a subject become champion."""

    promotion = PlainTextField(
        help_text="newest: the newest version answers by itself; manual: somebody decides."
    )


class PromoteSerializer(ClosedSerializer):
    """Which version is to answer."""

    version = PlainTextField(help_text="Number, alias or name.")
    reason = PlainTextField(max_length=MAX_REASON)
    expected_champion = serializers.IntegerField(
        required=False, help_text="Refused (409) where another version answers by now."
    )


class RollbackSerializer(ClosedSerializer):
    """Back to which version."""

    to = PlainTextField(required=False, help_text="Default: the champion before the present one.")
    reason = PlainTextField(max_length=MAX_REASON)


class PromotionSerializer(serializers.Serializer[Promotion]):
    """One change of a champion."""

    kind = serializers.ChoiceField(choices=Promotion.Kind.values)
    from_version = serializers.IntegerField(source="from_number", allow_null=True)
    to_version = serializers.IntegerField(source="to_number", allow_null=True)
    reason = serializers.CharField()
    evidence = serializers.JSONField()
    by = serializers.CharField(source="actor.username", default=None, allow_null=True)
    at = serializers.DateTimeField()


class AliasSerializer(ClosedSerializer):
    """What an alias points at."""

    version = PlainTextField(help_text="Number, alias or name.")


class HappeningSerializer(serializers.Serializer[Any]):
    """One thing that happened."""

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=KINDS)
    text = serializers.CharField()
    who = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; `data` is a word of the framework's own, so it stands here."""
        return {**super().get_fields(), "data": serializers.DictField()}


class TimelineQuerySerializer(ClosedSerializer):
    """Which part of the timeline."""

    before = serializers.DateTimeField(required=False)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=500)
