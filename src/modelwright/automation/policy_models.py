"""Policies, and the loops that they run: drift -> retrain -> test -> promote -> watch."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from modelwright.abtests.models import ABTest
from modelwright.accounts.models import User
from modelwright.core.clock import now
from modelwright.core.fields import TextUUIDField
from modelwright.registry.models import ModelVersion, Subject
from modelwright.runs.models import TrainingRun


class Policy(models.Model):
    """When to act for a subject, or for all of a model type, and what to do then.

    `rules` is what `automation.policy_rules` describes.
    """

    id = TextUUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    subject = models.OneToOneField(
        Subject, null=True, blank=True, on_delete=models.CASCADE, related_name="policy"
    )
    model_type = models.CharField(
        max_length=64, default="", blank=True, help_text="For all its subjects without their own."
    )
    rules = models.JSONField()
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "policies"
        verbose_name_plural = "policies"
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(subject__isnull=False, model_type="")
                | (Q(subject__isnull=True) & ~Q(model_type="")),
                name="policies_one_subject_or_type",
            ),
            models.UniqueConstraint(
                fields=["model_type"],
                condition=Q(subject__isnull=True),
                name="policies_one_per_type",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PolicySwitch(models.Model):
    """The kill switch: while its one row is there, no policy acts."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    reason = models.TextField(default="", blank=True)
    pulled_at = models.DateTimeField(default=now)
    pulled_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "policy_switch"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="policy_switch_one_row")
        ]

    def __str__(self) -> str:
        return f"policies stopped: {self.reason}"


class Loop(models.Model):
    """One turn for one subject, from what triggered it to its end."""

    class State(models.TextChoices):
        """Where it stands; the moves are those of `loops.MOVES`."""

        GATHERING = "gathering", "Gathering new data"
        TUNING = "tuning", "Tuning"
        TRAINING = "training", "Training"
        TESTING = "testing", "Testing"
        WAITING = "waiting", "Waiting for a person"
        WATCHING = "watching", "Watching after the promotion"
        PROMOTED = "promoted", "Promoted"
        KEPT = "kept", "Champion kept"
        ROLLED_BACK = "rolled_back", "Rolled back"
        TOLD = "told", "Told, nothing else"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped by a person"

    id = TextUUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    policy = models.ForeignKey(
        Policy, null=True, blank=True, on_delete=models.SET_NULL, related_name="loops"
    )
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="loops")
    rules = models.JSONField(help_text="Those of the policy when it began.")
    trigger = models.CharField(max_length=32)
    reason = models.TextField()
    state = models.CharField(max_length=16, choices=State.choices)
    champion = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    challenger = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    run = models.ForeignKey(
        TrainingRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    tuning_run_id = models.UUIDField(null=True, blank=True)
    test = models.ForeignKey(
        ABTest, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    watch = models.ForeignKey(
        ABTest, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(default=now)
    state_since = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "policy_loops"
        ordering: ClassVar = ["-started_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(ended_at__isnull=True),
                name="policy_loops_one_open_per_subject",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject", "-started_at"], name="policy_loops_by_subject")
        ]

    def __str__(self) -> str:
        return f"{self.trigger} of {self.subject_id}: {self.state}"


class LoopStep(models.Model):
    """One step of a loop, for the timeline; only added to."""

    id = models.BigAutoField(primary_key=True)
    loop = models.ForeignKey(Loop, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField(default=now)
    state = models.CharField(max_length=16, choices=Loop.State.choices)
    text = models.TextField()
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "policy_loop_steps"
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.text
