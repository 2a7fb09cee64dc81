"""The bodies of retention: rules, what they mean, and giving files up."""

from typing import Any

from rest_framework import serializers

from modelwright.api.training_serializers import ClosedSerializer
from modelwright.registry.models import RetentionRule
from modelwright.registry.retention import LIMITS, Fate, Freed, RetentionPlan
from modelwright.serving.retention import MAX_DAYS, OldPredictions, PredictionsPlan


class RuleFields(ClosedSerializer):
    """What may be said of a rule; what is left out stays as it is."""

    keep_newest = serializers.IntegerField(
        required=False, min_value=0, max_value=LIMITS["keep_newest"], help_text="So many versions."
    )
    keep_days = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=LIMITS["keep_days"],
        help_text="Versions that are younger.",
    )
    keep_champions = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=LIMITS["keep_champions"],
        help_text="So many that answered before.",
    )
    keep_tagged = serializers.BooleanField(required=False, help_text="Versions that have a tag.")
    is_active = serializers.BooleanField(
        required=False, help_text="Whether the scheduled clean-up deletes by itself."
    )


class RuleSerializer(serializers.Serializer[RetentionRule]):
    """A rule."""

    keep_newest = serializers.IntegerField()
    keep_days = serializers.IntegerField()
    keep_champions = serializers.IntegerField()
    keep_tagged = serializers.BooleanField()
    is_active = serializers.BooleanField()
    updated_at = serializers.DateTimeField()
    updated_by = serializers.CharField(source="updated_by.username", default=None, allow_null=True)


class FateSerializer(serializers.Serializer[Fate]):
    """What becomes of one version's file."""

    version = serializers.IntegerField(source="version.number")
    name = serializers.CharField(source="version.name")
    size_bytes = serializers.IntegerField(source="version.size_bytes")
    created_at = serializers.DateTimeField(source="version.created_at")
    deletable = serializers.SerializerMethodField()
    kept_for = serializers.ListField(child=serializers.CharField(), help_text="Why it is kept.")

    def get_deletable(self, fate: Fate) -> bool:
        """Return whether its file may be given up."""
        return not fate.kept_for


class PlanSerializer(serializers.Serializer[RetentionPlan]):
    """What a rule means for one subject now: a dry run."""

    subject = serializers.CharField(source="subject.slug")
    rule = RuleSerializer(allow_null=True)
    rule_is_own = serializers.SerializerMethodField(help_text="False: it is the default one.")
    total_bytes = serializers.IntegerField()
    frees_bytes = serializers.IntegerField()
    deletable = serializers.SerializerMethodField(help_text="Numbers of the versions.")

    def get_rule_is_own(self, plan: RetentionPlan) -> bool:
        """Return whether the subject has a rule of its own."""
        return plan.rule is not None and plan.rule.subject_id is not None

    def get_deletable(self, plan: RetentionPlan) -> list[int]:
        """Return the versions whose files may be given up."""
        return [version.number for version in plan.deletable]


class PlanDetailSerializer(PlanSerializer):
    """The same with every version that has a file."""

    versions = FateSerializer(many=True, source="fates")


class OldPredictionsSerializer(serializers.Serializer[OldPredictions]):
    """What the next clean-up deletes of predictions."""

    predictions = serializers.IntegerField()
    files = serializers.IntegerField(help_text="With predictions for whole data sets.")
    file_bytes = serializers.IntegerField()


class PlansSerializer(serializers.Serializer[Any]):
    """What the rules mean for all subjects that one may see."""

    rule = RuleSerializer(allow_null=True, help_text="The default one.")
    total_bytes = serializers.IntegerField()
    frees_bytes = serializers.IntegerField()
    old_predictions = OldPredictionsSerializer()
    subjects = PlanSerializer(many=True)


class ApplySerializer(ClosedSerializer):
    """Which files to give up."""

    versions = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        max_length=10_000,
        help_text="Numbers from the dry run. What is needed by now is kept, and said to be.",
    )


class FreedSerializer(serializers.Serializer[Freed]):
    """What was given up."""

    versions = serializers.ListField(child=serializers.IntegerField())
    size_bytes = serializers.IntegerField()
    kept = serializers.DictField(
        child=serializers.CharField(), help_text="Number -> why it is kept after all."
    )


class PredictionsFields(ClosedSerializer):
    """What may be said of keeping predictions; what is left out stays as it is."""

    kept_days = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MAX_DAYS,
        help_text="0: for ever; null: as the server's setting says.",
    )
    log_share = serializers.FloatField(
        required=False, min_value=0, max_value=1, help_text="Share of the requests that are kept."
    )
    keep_inputs = serializers.BooleanField(
        required=False, help_text="Whether rows are kept with their answers."
    )


class PredictionsPlanSerializer(serializers.Serializer[PredictionsPlan]):
    """What is kept of a model's predictions, and what the next clean-up deletes."""

    subject = serializers.CharField(source="subject.slug")
    kept_days = serializers.IntegerField(source="days", help_text="0: for ever.")
    kept_days_is_own = serializers.SerializerMethodField(help_text="False: the server's setting.")
    log_share = serializers.FloatField(source="kept.log_share")
    keep_inputs = serializers.BooleanField(source="kept.keep_inputs")
    predictions = serializers.IntegerField()
    deletable = serializers.IntegerField(help_text="Predictions that are older.")
    needed = serializers.IntegerField(
        help_text="As old, and kept: a test that runs needs them, or they are not counted yet."
    )
    files = serializers.IntegerField(help_text="With predictions for whole data sets.")
    file_bytes = serializers.IntegerField()
    files_kept_days = serializers.IntegerField(source="file_days", help_text="0: for ever.")
    files_deletable = serializers.IntegerField()
    frees_bytes = serializers.IntegerField()

    def get_kept_days_is_own(self, plan: PredictionsPlan) -> bool:
        """Return whether the model has an age of its own."""
        return plan.kept.kept_days is not None
