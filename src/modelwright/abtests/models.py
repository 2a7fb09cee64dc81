"""A/B tests."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from modelwright.accounts.models import User
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.core.fields import TextUUIDField
from modelwright.registry.models import ModelVersion, Subject


class ABTest(models.Model):
    """Version a (champion) against version b (challenger) of one subject.

    `state` is the test's own memory (`engine.abtest`); it grows with each look and never forgets,
    so that looking often does no harm.
    """

    class Status(models.TextChoices):
        """Where it stands."""

        ACTIVE = "active", "Active"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"

    class Mode(models.TextChoices):
        """Where the errors come from."""

        SHADOW = "shadow", "Version a answers, version b is asked too"
        SPLIT = "split", "Each request is answered by one of them"
        BACK_TEST = "back_test", "Both on the same later readings"

    id = TextUUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    test_name = models.CharField(max_length=200)
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="ab_tests")
    model_type = models.CharField(max_length=64)
    machine = models.ForeignKey(
        Machine, null=True, blank=True, on_delete=models.CASCADE, related_name="ab_tests"
    )
    version_a = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    version_b = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    model_a_id = TextUUIDField(help_text="Id of the training that made version a.")
    model_b_id = TextUUIDField(help_text="Id of the training that made version b.")
    traffic_split = models.FloatField(default=0.5)
    margin = models.FloatField(default=0.0)
    alpha = models.FloatField(default=0.05)
    status = models.CharField(
        max_length=16, choices=Status.choices, default=Status.ACTIVE, db_default=Status.ACTIVE
    )
    mode = models.CharField(max_length=16, choices=Mode.choices)
    state = models.JSONField(default=dict, blank=True)
    evaluated_until = models.BigIntegerField(
        null=True, blank=True, help_text="Readings up to here have been counted (ms UTC)."
    )
    guards = models.JSONField(
        default=dict, blank=True, help_text="What may not get worse, and by how much it may."
    )
    guard_state = models.JSONField(default=dict, blank=True)
    guarded_to = models.BigIntegerField(default=0, help_text="Predictions seen by the guard rails.")
    segment_column = models.CharField(
        max_length=255,
        default="",
        db_default="",
        blank=True,
        help_text="No value of this column may be answered worse.",
    )
    segment_tolerance = models.FloatField(null=True, blank=True)
    segment_state = models.JSONField(null=True, blank=True)
    results = models.JSONField(default=dict, blank=True)
    max_rows = models.PositiveIntegerField(null=True, blank=True)
    winner = models.CharField(max_length=1, default="", blank=True)
    recommendation = models.TextField(default="", blank=True)
    started_at = models.DateTimeField(default=now)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "model_ab_tests"
        ordering: ClassVar = ["-started_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject"], condition=Q(status="active"), name="model_ab_tests_one_active"
            ),
            models.CheckConstraint(
                condition=Q(traffic_split__gt=0, traffic_split__lt=1),
                name="model_ab_tests_traffic_split",
            ),
            models.CheckConstraint(
                condition=Q(status="active", ended_at__isnull=True)
                | (~Q(status="active") & Q(ended_at__isnull=False)),
                name="model_ab_tests_ended_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.test_name

    @property
    def how(self) -> str:
        """Return where the errors come from, with the versions' numbers."""
        if self.mode == self.Mode.SHADOW:
            a, b = self.version_a.number, self.version_b.number
            return f"version {a} answers, version {b} is asked too"
        return self.get_mode_display().lower()
