"""Where people want to be told, what they are to be told, and what was delivered."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from modelwright.core.clock import now
from modelwright.core.fields import TextUUIDField


class Severity(models.TextChoices):
    """How much it matters, least first."""

    INFO = "info", "Info"
    WARNING = "warning", "Warning"
    CRITICAL = "critical", "Critical"


class Channel(models.Model):
    """One way to tell a person, or a team where `owner` is empty.

    `target` is encrypted: addresses of chats and webhooks are secrets.
    """

    class Kind(models.TextChoices):
        """How it is told."""

        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Signed webhook"
        APPRISE = "apprise", "Chat and paging (Apprise)"

    id = TextUUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    owner = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="channels"
    )
    team = models.ForeignKey(
        Group, null=True, blank=True, on_delete=models.CASCADE, related_name="channels"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    target = models.TextField(editable=False)
    secret = models.TextField(default="", blank=True, editable=False)
    min_severity = models.CharField(
        max_length=16, choices=Severity.choices, default=Severity.WARNING
    )
    events = models.JSONField(default=list, blank=True, help_text="Empty: all.")
    subjects = models.JSONField(
        default=list, blank=True, help_text="Slugs of the models to be told of. Empty: all."
    )
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    digest_minutes = models.PositiveIntegerField(
        default=0, help_text="0: at once; else what has come together is told every so often."
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "notification_channels"
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(team__isnull=True),
                name="notification_channels_person_or_team",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="notification_channels_quiet_has_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """What a channel is to be told of one incident: where it stands, not each step of the way.

    Written in the transaction in which it happens. `state` is where the incident stands now,
    `told` what the channel was told last; they differ until the delivery has been through. So a
    thousand flaps make one row, nothing is lost over a crash, and the last word is always told.
    """

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    incident = models.CharField(max_length=200)
    event = models.CharField(max_length=32)
    severity = models.CharField(max_length=16, choices=Severity.choices)
    state = models.CharField(max_length=32)
    told = models.CharField(max_length=32, default="", blank=True)
    told_at = models.JSONField(default=dict, help_text="State -> when it was told last.")
    title = models.CharField(max_length=255)
    body = models.TextField(default="", blank=True)
    link = models.CharField(max_length=1024, default="", blank=True)
    data = models.JSONField(default=dict, blank=True)
    sequence = models.PositiveIntegerField(default=0, help_text="Counts what has happened.")
    told_sequence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Empty: nothing to tell.")
    error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "notices"
        ordering: ClassVar = ["-updated_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "incident"], name="notices_one")
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="notices_due")
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"


class Delivery(models.Model):
    """One try to tell a channel something."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=64, help_text="The same for each try of the same message.")
    title = models.CharField(max_length=255)
    notices = models.PositiveIntegerField(default=1)
    at = models.DateTimeField(default=now, db_index=True)
    succeeded = models.BooleanField()
    error = models.TextField(default="", blank=True)
    seconds = models.FloatField(default=0.0)

    class Meta:
        db_table = "notification_deliveries"
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.title} at {self.at:%Y-%m-%d %H:%M}"
