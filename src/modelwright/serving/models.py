"""Predictions that were given, and the truth that came later."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from modelwright.accounts.models import User
from modelwright.core.clock import now
from modelwright.core.fields import TextUUIDField
from modelwright.engine.words import label_of_number
from modelwright.registry.models import ModelVersion, Subject
from modelwright.serving.batch_models import BatchPrediction

__all__ = ["Actual", "BatchPrediction", "Prediction", "ServingSettings"]

MILLISECONDS = "milliseconds"
"""In a prediction's details: how long it took, where a test compares that."""


class ServingSettings(models.Model):
    """What is kept of a subject's predictions; without a row, everything, as long as the server's
    setting says."""

    subject = models.OneToOneField(
        Subject, on_delete=models.CASCADE, primary_key=True, related_name="serving"
    )
    log_share = models.FloatField(default=1.0, help_text="Share of requests that are kept.")
    keep_inputs = models.BooleanField(default=True)
    kept_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="0: for ever. None: as the server's setting says."
    )

    class Meta:
        db_table = "serving_settings"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(log_share__gte=0, log_share__lte=1), name="serving_settings_share"
            )
        ]

    def __str__(self) -> str:
        return f"serving of {self.subject_id}"


class Actual(models.Model):
    """What really happened: for a prediction by its id, or for a key and a time.

    It may come before the prediction, or for none at all; then it waits.
    """

    subject = models.ForeignKey(
        Subject, on_delete=models.CASCADE, related_name="actuals", db_index=False
    )
    request_id = TextUUIDField(null=True, blank=True, help_text="The prediction's id, if named.")
    key = models.CharField(max_length=200, default="", blank=True)
    at = models.DateTimeField(null=True, blank=True, help_text="The time that was predicted for.")
    label = models.CharField(max_length=255, default="", blank=True)
    value = models.FloatField(null=True, blank=True)
    is_matched = models.BooleanField(default=False)
    received_at = models.DateTimeField(default=now)
    corrections = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "actuals"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject", "request_id"],
                condition=Q(request_id__isnull=False),
                name="actuals_one_per_prediction",
            ),
            models.UniqueConstraint(
                fields=["subject", "key", "at"],
                condition=Q(request_id__isnull=True, at__isnull=False),
                name="actuals_one_per_key_and_time",
            ),
            models.UniqueConstraint(
                fields=["subject", "key"],
                condition=Q(request_id__isnull=True, at__isnull=True),
                name="actuals_one_per_key",
            ),
        ]

    def __str__(self) -> str:
        return f"actual of {self.request_id or self.key}"

    def label_beside(self, predicted: str) -> str:
        """Return the actual label; where a class is called "1", the number 1 is it, too."""
        if not predicted or self.label or self.value is None:
            return self.label
        return label_of_number(self.value)


class Prediction(models.Model):
    """One row's answer by one version; shadow answers share the `request_id` of the given one."""

    class Role(models.TextChoices):
        """Whether it was given."""

        GIVEN = "given", "Given"
        SHADOW = "shadow", "Shadow"

    id = models.BigAutoField(primary_key=True)
    request_id = TextUUIDField(default=uuid.uuid4)
    subject = models.ForeignKey(
        Subject, on_delete=models.CASCADE, related_name="predictions", db_index=False
    )
    version = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.SET_NULL, related_name="predictions"
    )
    version_number = models.PositiveIntegerField()
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.GIVEN)
    arm = models.CharField(max_length=1, default="", blank=True, help_text="In an A/B test: a, b.")
    test_id = TextUUIDField(null=True, blank=True)
    key = models.CharField(max_length=200, default="", blank=True)
    at = models.DateTimeField(help_text="The time that is predicted for; default: now.")
    label = models.CharField(max_length=255, default="", blank=True)
    value = models.FloatField(null=True, blank=True)
    details = models.JSONField(default=dict, help_text="Probabilities, interval.")
    inputs = models.JSONField(null=True, blank=True)
    actual = models.ForeignKey(
        Actual, null=True, blank=True, on_delete=models.SET_NULL, related_name="predictions"
    )
    is_counted = models.BooleanField(default=False, help_text="Whether its test has seen it.")
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "predictions"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request_id", "role", "version_number"], name="predictions_one_per_version"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject", "-at"], name="predictions_by_time"),
            models.Index(fields=["subject", "key", "at"], name="predictions_by_key"),
            models.Index(
                fields=["test_id", "id"],
                condition=Q(test_id__isnull=False),
                name="predictions_in_test",
            ),
            models.Index(
                fields=["test_id", "at"],
                condition=Q(test_id__isnull=False, is_counted=False),
                name="predictions_by_test",
            ),
        ]

    def __str__(self) -> str:
        return f"prediction {self.request_id}"
