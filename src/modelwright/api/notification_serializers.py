"""The bodies of notification channels."""

from typing import Any

from rest_framework import serializers

from modelwright.accounts.models import Channel, Delivery, Severity
from modelwright.accounts.notifications.outbox import EVENTS
from modelwright.accounts.notifications.services import channel_target_shown
from modelwright.api.training_serializers import ClosedSerializer, PlainTextField

KINDS = Channel.Kind.values


class ChannelFields(ClosedSerializer):
    """What may be said of a channel, and changed."""

    name = PlainTextField(max_length=100)
    target = PlainTextField(max_length=2000, help_text="Mail address, webhook or Apprise address.")
    min_severity = serializers.ChoiceField(choices=Severity.values, required=False)
    events = serializers.ListField(
        child=PlainTextField(max_length=32), required=False, help_text=f"Of {', '.join(EVENTS)}."
    )
    subjects = serializers.ListField(
        child=PlainTextField(max_length=120),
        required=False,
        help_text="Slugs of the models to be told of; empty: all.",
    )
    quiet_from = serializers.TimeField(required=False, allow_null=True)
    quiet_until = serializers.TimeField(required=False, allow_null=True)
    timezone = PlainTextField(required=False, max_length=64)
    digest_minutes = serializers.IntegerField(required=False, min_value=0)
    is_active = serializers.BooleanField(required=False)


class ChannelCreateSerializer(ChannelFields):
    """A new channel."""

    kind = serializers.ChoiceField(choices=KINDS)
    for_team = serializers.BooleanField(
        default=False, help_text="For everybody, not for you: administrators only."
    )
    team = PlainTextField(
        required=False,
        max_length=150,
        help_text="For the users of this group, not for you: administrators only.",
    )


class ChannelSerializer(serializers.Serializer[Channel]):
    """A channel; its address is masked."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    target = serializers.SerializerMethodField()
    owner = serializers.CharField(source="owner.username", default=None, allow_null=True)
    team = serializers.CharField(
        source="team.name",
        default=None,
        allow_null=True,
        help_text="Without owner and team it is everybody's.",
    )
    min_severity = serializers.ChoiceField(choices=Severity.values)
    events = serializers.ListField(child=serializers.CharField())
    subjects = serializers.ListField(child=serializers.CharField())
    quiet_from = serializers.TimeField(allow_null=True)
    quiet_until = serializers.TimeField(allow_null=True)
    timezone = serializers.CharField()
    digest_minutes = serializers.IntegerField()
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()

    def get_target(self, channel: Channel) -> str:
        """Return the address as it may be shown."""
        return channel_target_shown(channel)


class NewChannelSerializer(ChannelSerializer):
    """A channel just made."""

    secret = serializers.CharField(
        allow_blank=True, help_text="Of a webhook: what its signatures are made with; shown once."
    )


class DeliverySerializer(serializers.Serializer[Delivery]):
    """One try to tell a channel something."""

    id = serializers.IntegerField()
    channel = serializers.CharField(source="channel.name")
    title = serializers.CharField()
    notices = serializers.IntegerField()
    at = serializers.DateTimeField()
    succeeded = serializers.BooleanField()
    error = serializers.CharField()
    seconds = serializers.FloatField()


class TriedSerializer(serializers.Serializer[Any]):
    """That a message was taken."""

    delivered = serializers.BooleanField()
