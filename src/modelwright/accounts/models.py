"""The user, and the audit log that is only ever added to."""

from functools import cached_property
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models

from modelwright.accounts.event_models import Event
from modelwright.accounts.notification_models import Channel, Delivery, Notice, Severity

__all__ = ["AuditEntry", "Channel", "Delivery", "Event", "Notice", "Severity", "User"]


class User(AbstractUser):
    """An account; what it may do follows from its groups (`roles.ROLE_OF_GROUP`)."""

    class Meta(AbstractUser.Meta):
        db_table = "users"

    @cached_property
    def group_names(self) -> frozenset[str]:
        """The names of the groups, read once per request."""
        return frozenset(self.groups.values_list("name", flat=True))


class AuditEntry(models.Model):
    """One write: who, what, when, from where, before and after.

    The database refuses changes and deletions (triggers in the first migration).
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    actor_name = models.CharField(max_length=150, default="", blank=True)
    channel = models.CharField(max_length=16)
    address = models.CharField(max_length=64, default="", blank=True)
    request_id = models.CharField(max_length=64, default="", blank=True)
    verb = models.CharField(max_length=64, db_index=True)
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64)
    object_label = models.CharField(max_length=255, default="", blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "audit_entries"
        verbose_name_plural = "audit entries"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["object_type", "object_id"], name="audit_object")]

    def __str__(self) -> str:
        who = self.actor_name or "system"
        return f"{self.at:%Y-%m-%d %H:%M} {who} {self.verb} {self.object_label}"
