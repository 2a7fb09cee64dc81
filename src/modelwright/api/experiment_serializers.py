"""The bodies of `/api/v1/experiments/`."""

from typing import Any

from rest_framework import serializers

from modelwright.api.dataset_serializers import NameField
from modelwright.api.identifiers import IdField
from modelwright.api.training_serializers import ClosedSerializer, PlainTextField
from modelwright.catalog.models import Experiment, Share
from modelwright.engine.parameters import TASKS

MAX_DESCRIPTION = 10_000


class ExperimentChangeSerializer(ClosedSerializer):
    """What of an experiment may be changed."""

    name = NameField(required=False)
    description = PlainTextField(required=False, allow_blank=True, max_length=MAX_DESCRIPTION)
    dataset_id = IdField(required=False, help_text="Only while there are no model runs.")
    target_column = PlainTextField(required=False, trim_whitespace=False, max_length=255)
    task = serializers.ChoiceField(
        choices=TASKS, required=False, allow_null=True, help_text="Told from the column if null."
    )


class ExperimentCreateSerializer(ExperimentChangeSerializer):
    """What makes an experiment."""

    name = NameField()
    description = PlainTextField(default="", allow_blank=True, max_length=MAX_DESCRIPTION)
    dataset_id = IdField()
    target_column = PlainTextField(trim_whitespace=False, max_length=255)


class ExperimentSerializer(serializers.Serializer[Experiment]):
    """An experiment."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    owner = serializers.CharField(source="owner.username", default=None, allow_null=True)
    dataset_id = serializers.UUIDField()
    dataset_name = serializers.CharField(source="dataset.name")
    target_column = serializers.CharField()
    task = serializers.ChoiceField(choices=TASKS)
    model_runs = serializers.IntegerField(help_text="How many there are.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ExperimentDetailSerializer(ExperimentSerializer):
    """An experiment, and what one may do with it."""

    level = serializers.SerializerMethodField()

    def get_level(self, _experiment: Experiment) -> str:
        """Return viewer, editor or owner."""
        level: str = self.context["level"].name.lower()
        return level


class ShareRequestSerializer(ClosedSerializer):
    """With whom to share: either a user or a group."""

    user = PlainTextField(required=False, max_length=150, help_text="A user's name.")
    group = PlainTextField(required=False, max_length=150, help_text="A group's name.")
    level = serializers.ChoiceField(choices=Share.Level.values)


class ShareSerializer(serializers.Serializer[Share]):
    """A share."""

    id = serializers.IntegerField()
    user = serializers.CharField(source="user.username", default=None, allow_null=True)
    group = serializers.CharField(source="group.name", default=None, allow_null=True)
    level = serializers.CharField()
    created_at = serializers.DateTimeField()


class SharesSerializer(serializers.Serializer[Any]):
    """All shares of an experiment."""

    experiment_id = serializers.UUIDField()
    owner = serializers.CharField(allow_null=True)
    shares = ShareSerializer(many=True)
