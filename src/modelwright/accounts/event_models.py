"""What happened, for programs that follow along: the event stream."""

from typing import ClassVar

from django.db import models

from modelwright.accounts.notification_models import Severity
from modelwright.core.clock import now


class Event(models.Model):
    """One thing that happened; written in the transaction in which it did, and only added to.

    `scope` is the experiment that it is about, which says who may see it; `only_for` the one
    person whom it is for. Empty: everybody who may view runs.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=now, db_index=True)
    event = models.CharField(max_length=32)
    severity = models.CharField(max_length=16, choices=Severity.choices)
    incident = models.CharField(max_length=200)
    state = models.CharField(max_length=32)
    title = models.CharField(max_length=255)
    body = models.TextField(default="", blank=True)
    link = models.CharField(max_length=1024, default="", blank=True)
    subject = models.CharField(max_length=120, default="", blank=True)
    data = models.JSONField(default=dict, blank=True)
    scope = models.UUIDField(null=True, blank=True)
    only_for = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    transaction = models.BigIntegerField(
        null=True, blank=True, help_text="PostgreSQL's number of the transaction that wrote it."
    )

    class Meta:
        db_table = "events"
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["incident", "-id"], name="events_by_incident")]

    def __str__(self) -> str:
        return f"{self.event} {self.state}: {self.title}"
