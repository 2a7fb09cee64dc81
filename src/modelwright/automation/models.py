"""What the scheduler did."""

from typing import ClassVar

from django.db import models

from modelwright.accounts.models import User
from modelwright.automation.policy_models import Loop, LoopStep, Policy, PolicySwitch
from modelwright.core.clock import now

__all__ = ["Loop", "LoopStep", "Policy", "PolicySwitch", "ScheduleRun"]


class ScheduleRun(models.Model):
    """One run of a scheduled job; there is one for each time that was due, however many ask."""

    class Status(models.TextChoices):
        """How it ended."""

        RUNNING = "running", "Running"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"

    name = models.CharField(max_length=64)
    due_at = models.DateTimeField(help_text="When it should have run; by hand: when asked.")
    by_hand = models.BooleanField(default=False)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    worker = models.CharField(max_length=128, default="", blank=True)
    beat_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.RUNNING)
    message = models.TextField(default="", blank=True)
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "schedule_runs"
        ordering: ClassVar = ["-started_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name", "due_at", "by_hand"], name="schedule_runs_once_per_due_time"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["name", "-started_at"], name="schedule_runs_new")]

    def __str__(self) -> str:
        return f"{self.name} due {self.due_at:%Y-%m-%d %H:%M}"
