"""The bodies of `/api/v1/scheduler/`: contract B's names and types."""

from typing import Any

from rest_framework import serializers

from modelwright.api.training_serializers import ClosedSerializer, PlainTextField
from modelwright.automation.cron import MAX_CHARS
from modelwright.automation.models import ScheduleRun
from modelwright.runs.states import Status

MAX_ZONE = 64


class SwitchField(serializers.BooleanField):
    """true or false, also as the words of a query string."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        words = {"true": True, "false": False}
        if isinstance(data, bool):
            return data
        if isinstance(data, str) and data.lower() in words:
            return words[data.lower()]
        raise serializers.ValidationError("Must be true or false.")


class ScheduledJobSerializer(serializers.Serializer[Any]):
    """One scheduled job, in short."""

    id = serializers.CharField()
    name = serializers.CharField()
    next_run = serializers.DateTimeField(
        allow_null=True, help_text="Null while it is paused, or the scheduler is switched off."
    )
    trigger = serializers.CharField(help_text="Its times in words.")
    last_run = serializers.DateTimeField(allow_null=True)
    last_status = serializers.ChoiceField(choices=Status.values, allow_null=True)


class SchedulerStatusSerializer(serializers.Serializer[Any]):
    """What the scheduler does."""

    enabled = serializers.BooleanField(help_text="MODELWRIGHT_SCHEDULER_ENABLED.")
    running = serializers.BooleanField(help_text="Whether a scheduler gives a sign of life.")
    job_count = serializers.IntegerField()
    jobs = ScheduledJobSerializer(many=True)


class RunNowSerializer(serializers.Serializer[Any]):
    """What became of asking for a job."""

    success = serializers.BooleanField(help_text="False: it is pending or running already.")
    job_id = serializers.CharField()
    message = serializers.CharField()


class ScheduleChangeSerializer(ClosedSerializer):
    """What of a schedule can be changed."""

    expression = PlainTextField(
        required=False,
        allow_blank=True,
        max_length=MAX_CHARS,
        help_text="Five fields of cron; empty: as the settings say.",
    )
    timezone = PlainTextField(
        required=False,
        allow_blank=True,
        max_length=MAX_ZONE,
        help_text="IANA name; empty: as the settings say.",
    )
    is_enabled = SwitchField(required=False, help_text="False pauses the job.")


class ScheduleSerializer(ScheduledJobSerializer):
    """One scheduled job in full."""

    what = serializers.CharField()
    expression = serializers.CharField(help_text="The times in force.")
    timezone = serializers.CharField()
    is_enabled = serializers.BooleanField()
    is_changed = serializers.BooleanField(help_text="Whether a person chose these times.")
    next_runs = serializers.ListField(child=serializers.DateTimeField())
    updated_by = serializers.CharField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)
    last_message = serializers.CharField(allow_blank=True)


class ScheduleRunSerializer(serializers.Serializer[ScheduleRun]):
    """One run of a scheduled job."""

    id = serializers.UUIDField()
    job_id = serializers.CharField(source="name")
    due_at = serializers.DateTimeField()
    by_hand = serializers.BooleanField()
    asked_by = serializers.CharField(source="user.username", default=None, allow_null=True)
    status = serializers.ChoiceField(choices=Status.values)
    progress = serializers.FloatField(source="progress_percent")
    message = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    attempt = serializers.IntegerField()
    result = serializers.JSONField(help_text="Counts, and `failures` by machine.")
    error_message = serializers.CharField(allow_blank=True)

    def get_message(self, run: ScheduleRun) -> str:
        """Return what came of it, or what it does now."""
        return run.words
