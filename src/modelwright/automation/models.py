"""Schedules, what became of each time that was due, and who watches the clock."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from modelwright.accounts.models import User
from modelwright.automation.policy_models import Loop, LoopStep, Policy, PolicySwitch
from modelwright.core.clock import now
from modelwright.runs.models import Job, job_constraints, job_indexes
from modelwright.runs.states import OPEN

__all__ = [
    "Loop",
    "LoopStep",
    "Policy",
    "PolicySwitch",
    "Schedule",
    "ScheduleRun",
    "SchedulerProcess",
]


class Schedule(models.Model):
    """What a person said of a scheduled job; what is empty is as the settings say."""

    name = models.CharField(max_length=64, primary_key=True)
    expression = models.CharField(max_length=100, default="", blank=True)
    timezone = models.CharField(max_length=64, default="", blank=True)
    is_enabled = models.BooleanField(default=True)
    since = models.DateTimeField(
        default=now, help_text="Last changed or gone on with: no time before it is caught up."
    )
    updated_at = models.DateTimeField(default=now)
    updated_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "schedules"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class ScheduleRun(Job):
    """One run of a scheduled job.

    There is one for each time that was due, however many schedulers see it, and one open run of a
    job at a time: the database refuses any other.
    """

    name = models.CharField(max_length=64)
    due_at = models.DateTimeField(help_text="When it should have run; by hand: when asked.")
    by_hand = models.BooleanField(default=False)
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "schedule_runs"
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            *job_constraints("schedule_runs"),
            models.UniqueConstraint(
                fields=["name", "due_at", "by_hand"], name="schedule_runs_once_per_due_time"
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(status__in=sorted(OPEN)),
                name="schedule_runs_one_open_per_job",
            ),
        ]
        indexes: ClassVar = [
            *job_indexes("schedule_runs"),
            models.Index(fields=["name", "-created_at"], name="schedule_runs_new"),
        ]

    def __str__(self) -> str:
        return f"{self.name} due {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def words(self) -> str:
        """Return what came of it, or what it does now."""
        if self.is_ended:
            return self.error_message or str(self.result.get("message", ""))
        return self.progress_message


class SchedulerProcess(models.Model):
    """A scheduler's sign of life."""

    name = models.CharField(max_length=128, primary_key=True)
    hostname = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=32)
    started_at = models.DateTimeField(default=now)
    seen_at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        db_table = "schedulers"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
