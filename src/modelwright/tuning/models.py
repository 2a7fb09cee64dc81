"""Searches, the pieces of work they are cut into, and what each combination scored."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q, Value

from modelwright.accounts.models import User
from modelwright.catalog.models import DataSet
from modelwright.core.clock import now, seconds_since
from modelwright.engine.search.results import STATUSES as TRIAL_STATUSES
from modelwright.engine.search.space import METHODS
from modelwright.runs.models import Job, TrainingRun, job_constraints, job_indexes
from modelwright.runs.states import ENDED, Status
from modelwright.tuning.fields import SET_NULL, DatabaseForeignKey, DatabaseNow


class TuningRun(models.Model):
    """One search for better hyperparameters of a model run. No job itself: its pieces are."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model_run = DatabaseForeignKey(TrainingRun, related_name="tuning_runs")
    gathered = models.ForeignKey(
        DataSet,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The table that it searches on, where that isn't the model run's.",
    )
    tuning_method = models.TextField(choices=[(method, method) for method in METHODS])
    best_params = models.JSONField(null=True, blank=True)
    results = models.JSONField(null=True, blank=True)
    status = models.TextField(
        choices=Status.choices, default=Status.PENDING, db_default=Status.RUNNING
    )
    created_at = models.DateTimeField(default=now, db_default=DatabaseNow(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    config = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    progress = models.JSONField(null=True, blank=True)
    tags = models.JSONField(default=list, db_default=Value([], models.JSONField()), blank=True)
    user_notes = models.TextField(default="", db_default="", blank=True)
    parent_tuning_run = DatabaseForeignKey(
        "self", on_database_delete=SET_NULL, null=True, blank=True, related_name="finer"
    )
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "tuning_runs"
        ordering: ClassVar = ["-created_at", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="tuning_runs_status"
            ),
            models.CheckConstraint(
                condition=Q(tuning_method__in=METHODS), name="tuning_runs_method"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["status"], name="tuning_runs_by_status")]

    def __str__(self) -> str:
        return f"{self.tuning_method} {str(self.pk)[:8]}"

    @property
    def is_ended(self) -> bool:
        """Whether the search has come to its end."""
        return self.status in ENDED

    @property
    def elapsed_seconds(self) -> float:
        """Seconds from the start to the end, or to now; 0 before the start."""
        if self.started_at is None:
            return 0.0
        if self.completed_at is None:
            return seconds_since(self.started_at) or 0.0
        return (self.completed_at - self.started_at).total_seconds()

    @property
    def seconds_left(self) -> float | None:
        """Seconds until `timeout_seconds` is over; None where there is no such limit."""
        limit = self.config.get("timeout_seconds")
        return None if limit is None else float(limit) - self.elapsed_seconds


class TuningUnit(Job):
    """A piece of a search that any worker may take: the job that the queue knows."""

    class Role(models.TextChoices):
        """What the piece is."""

        PLAN = "plan", "Cut the search into pieces"
        TRIALS = "trials", "Score some combinations"
        WHOLE = "whole", "Do all of the search in one place"

    tuning_run = DatabaseForeignKey(TuningRun, related_name="units")
    number = models.PositiveIntegerField()
    role = models.CharField(max_length=16, choices=Role.choices)
    proposals = models.JSONField(default=list, help_text="Number and params of each combination.")
    result = models.JSONField(default=dict)

    class Meta:
        db_table = "tuning_units"
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            *job_constraints("tuning_units"),
            models.UniqueConstraint(fields=["tuning_run", "number"], name="tuning_units_number"),
        ]
        indexes: ClassVar = job_indexes("tuning_units")

    def __str__(self) -> str:
        return f"piece {self.number} of {self.tuning_run_id}"


class TuningTrial(models.Model):
    """One combination and what it scored. Its number is its place in the search: none is twice."""

    id = models.BigAutoField(primary_key=True)
    tuning_run = DatabaseForeignKey(TuningRun, related_name="trials", db_index=False)
    number = models.PositiveIntegerField()
    params = models.JSONField()
    fold_scores = models.JSONField(default=list)
    mean = models.FloatField(null=True)
    std = models.FloatField(null=True)
    duration = models.FloatField(default=0.0)
    status = models.CharField(max_length=16, choices=[(word, word) for word in TRIAL_STATUSES])
    error = models.TextField(default="", blank=True)
    recipe = models.JSONField(null=True, help_text="For the export of what was once the best.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "tuning_trials"
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tuning_run", "number"], name="tuning_trials_once"),
            models.CheckConstraint(
                condition=Q(status__in=TRIAL_STATUSES), name="tuning_trials_status"
            ),
        ]

    def __str__(self) -> str:
        return f"trial {self.number} of {self.tuning_run_id}"
