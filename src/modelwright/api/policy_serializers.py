"""The bodies of policies and loops."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from modelwright.api.training_serializers import ClosedSerializer, PlainTextField
from modelwright.automation.models import Loop, LoopStep, Policy
from modelwright.automation.policies import WouldHave

MAX_REASON = 1000


@extend_schema_field({"type": "object", "additionalProperties": True})
class RulesField(serializers.JSONField):
    """When to act, and what to do: the policy itself says what is wrong with it."""


class PolicyCreateSerializer(ClosedSerializer):
    """A new policy."""

    name = PlainTextField(max_length=100)
    subject = PlainTextField(required=False, help_text="Slug or id.")
    model_type = PlainTextField(
        default="", allow_blank=True, max_length=64, help_text="For all its subjects."
    )
    rules = RulesField()
    is_active = serializers.BooleanField(default=True)


class PolicyChangeSerializer(ClosedSerializer):
    """What may be changed of a policy."""

    name = PlainTextField(required=False, max_length=100)
    rules = RulesField(required=False)
    is_active = serializers.BooleanField(required=False)


class PolicySerializer(serializers.Serializer[Policy]):
    """A policy."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    subject = serializers.CharField(source="subject.slug", default=None, allow_null=True)
    model_type = serializers.CharField()
    rules = serializers.JSONField()
    is_active = serializers.BooleanField()
    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class DryRunSerializer(ClosedSerializer):
    """What to try on the past."""

    subject = PlainTextField(help_text="Slug or id.")
    rules = RulesField()
    days = serializers.IntegerField(default=90, min_value=1, max_value=366)


class WouldHaveSerializer(serializers.Serializer[WouldHave]):
    """One turn that it would have begun."""

    at = serializers.DateTimeField()
    trigger = serializers.CharField()
    reason = serializers.CharField()
    champion = serializers.IntegerField(help_text="The version that answered then.")


class SwitchSerializer(serializers.Serializer[Any]):
    """Whether policies act at all."""

    stopped = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    stopped_at = serializers.DateTimeField(allow_null=True)
    stopped_by = serializers.CharField(allow_null=True)


class ReasonSerializer(ClosedSerializer):
    """Why."""

    reason = PlainTextField(default="", allow_blank=True, max_length=MAX_REASON)


class DecideSerializer(ReasonSerializer):
    """What a person decides."""

    promote = serializers.BooleanField()


class LoopStepSerializer(serializers.Serializer[LoopStep]):
    """One step."""

    at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=Loop.State.values)
    text = serializers.CharField()


class LoopSerializer(serializers.Serializer[Loop]):
    """A loop."""

    id = serializers.UUIDField()
    subject = serializers.CharField(source="subject.slug")
    policy = serializers.CharField(source="policy.name", default=None, allow_null=True)
    trigger = serializers.CharField()
    reason = serializers.CharField()
    state = serializers.ChoiceField(choices=Loop.State.values)
    champion = serializers.IntegerField(source="champion.number", default=None, allow_null=True)
    challenger = serializers.IntegerField(source="challenger.number", default=None, allow_null=True)
    run_number = serializers.IntegerField(source="run.number", default=None, allow_null=True)
    ab_test_id = serializers.UUIDField(source="test_id", allow_null=True)
    watch_id = serializers.UUIDField(allow_null=True)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    steps = LoopStepSerializer(many=True, source="steps.all")
