"""Jobs and what belongs to them. The row is the truth; the broker only rings the bell."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from modelwright.accounts.models import User
from modelwright.catalog.models import DataSet, Experiment, Machine
from modelwright.core.clock import now, seconds_since
from modelwright.core.context import request_id_now
from modelwright.core.tracing import traceparent_now
from modelwright.runs.states import ENDED, OPEN, Status


class Job(models.Model):
    """What all jobs have in common, whatever they do.

    `attempt` grows with every claim, and every later write carries it: a worker that was declared
    dead can't write over its successor. `crashes` counts the attempts that ended without a word.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(
        max_length=16, choices=Status.choices, default=Status.PENDING, db_default=Status.PENDING
    )
    priority = models.SmallIntegerField(default=0, help_text="Higher goes first.")
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    created_at = models.DateTimeField(default=now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    worker = models.CharField(max_length=128, default="", blank=True)
    attempt = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)
    beat_at = models.DateTimeField(null=True, blank=True, help_text="Last sign of life.")
    rung_at = models.DateTimeField(default=now, help_text="When a worker was last told of it.")
    cancel_requested = models.BooleanField(default=False)

    request_id = models.CharField(
        max_length=64,
        default=request_id_now,
        db_default="",
        blank=True,
        editable=False,
        help_text="Of the request that queued it: joins the log lines of both.",
    )
    traceparent = models.CharField(
        max_length=64,
        default=traceparent_now,
        db_default="",
        blank=True,
        editable=False,
        help_text="Its place in the trace of that request (W3C Trace Context), if it has one.",
    )

    time_limit_seconds = models.FloatField(null=True, blank=True)
    memory_limit_mb = models.PositiveIntegerField(null=True, blank=True)

    progress_percent = models.FloatField(default=0.0)
    progress_step = models.CharField(max_length=32, default="", blank=True)
    progress_message = models.CharField(max_length=255, default="", blank=True)
    error_type = models.CharField(max_length=64, default="", blank=True)
    error_message = models.TextField(default="", blank=True)

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        """Whether the job is still pending or running."""
        return self.status in OPEN

    @property
    def is_ended(self) -> bool:
        """Whether the job has come to its end."""
        return self.status in ENDED

    @property
    def elapsed_seconds(self) -> float | None:
        """Seconds from the start of the attempt to its end, or to now; None before the start."""
        if self.started_at is None:
            return None
        if self.finished_at is None:
            return seconds_since(self.started_at)
        return (self.finished_at - self.started_at).total_seconds()


def job_constraints(table: str) -> list[models.BaseConstraint]:
    """Return the rules that the database itself keeps for a table of jobs."""
    return [
        models.CheckConstraint(condition=Q(status__in=Status.values), name=f"{table}_status"),
        models.CheckConstraint(
            condition=Q(status__in=sorted(OPEN), finished_at__isnull=True)
            | Q(status__in=sorted(ENDED), finished_at__isnull=False),
            name=f"{table}_ended_has_time",
        ),
    ]


def job_indexes(table: str) -> list[models.Index]:
    """Return the indexes that claiming and sweeping need."""
    return [
        models.Index(
            fields=["-priority", "created_at"],
            condition=Q(status=Status.PENDING),
            name=f"{table}_pending",
        ),
        models.Index(fields=["beat_at"], condition=Q(status=Status.RUNNING), name=f"{table}_beat"),
        models.Index(fields=["status", "-created_at"], name=f"{table}_by_status"),
        models.Index(fields=["user", "-started_at"], name=f"{table}_by_user"),
    ]


class TrainingRun(Job):
    """One training. People call it by its `number` ("run 10")."""

    number = models.PositiveBigIntegerField(unique=True, editable=False)
    subject = models.CharField(
        max_length=300, help_text="What is modelled; one open run and one champion each."
    )
    experiment = models.ForeignKey(
        Experiment,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="runs",
        help_text="Empty for runs on a table of the shared pool.",
    )
    machine = models.ForeignKey(
        Machine,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="runs",
        help_text="Whose readings it learns from; empty for runs on a table.",
    )
    model_type = models.CharField(max_length=64)
    preset = models.CharField(max_length=64, default="", blank=True)
    task = models.CharField(max_length=32, default="", blank=True)
    trigger_type = models.CharField(max_length=16, default="manual")
    trigger_reason = models.TextField(default="", blank=True)
    tuning_run_id = models.UUIDField(
        null=True, blank=True, help_text="The search that found its hyperparameters, if one did."
    )
    model_version = models.CharField(max_length=100, unique=True)
    notes = models.TextField(default="", blank=True)

    dataset_path = models.CharField(max_length=1024)
    gathered = models.ForeignKey(
        DataSet,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="learned_by",
        db_index=False,
        help_text="That table with rows that were predicted and have come true, if it learns from"
        " such.",
    )
    dataset_sha256 = models.CharField(max_length=64, default="", blank=True)
    target_column = models.CharField(max_length=255)
    test_split = models.FloatField(default=0.2)
    random_state = models.BigIntegerField(default=42)
    requested_hyperparameters = models.JSONField(default=dict, blank=True)
    hyperparameters = models.JSONField(
        default=dict, blank=True, help_text="Every one in force, once the run has ended."
    )
    n_estimators = models.PositiveIntegerField(null=True, blank=True)

    accuracy = models.FloatField(null=True, blank=True)
    precision = models.FloatField(null=True, blank=True)
    recall = models.FloatField(null=True, blank=True)
    f1_score = models.FloatField(null=True, blank=True)
    training_duration_seconds = models.FloatField(null=True, blank=True)
    metrics = models.JSONField(default=dict, blank=True)
    per_class_metrics = models.JSONField(default=dict, blank=True)
    confusion_matrix = models.JSONField(default=dict, blank=True)
    feature_importance = models.JSONField(default=dict, blank=True)
    features_used = models.JSONField(default=list, blank=True)
    total_samples = models.PositiveIntegerField(null=True, blank=True)
    train_samples = models.PositiveIntegerField(null=True, blank=True)
    test_samples = models.PositiveIntegerField(null=True, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    environment = models.JSONField(default=dict, blank=True)
    model_path = models.CharField(max_length=1024, default="", blank=True)
    period_start = models.DateTimeField(
        null=True, blank=True, help_text="First reading of a machine that was learned from."
    )
    period_end = models.DateTimeField(null=True, blank=True, help_text="Last one.")
    description = models.JSONField(
        null=True, blank=True, help_text="What a machine's model says of itself."
    )

    class Meta:
        db_table = "model_runs"
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            *job_constraints("model_runs"),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(status__in=sorted(OPEN)),
                name="model_runs_one_open_per_subject",
            ),
        ]
        indexes: ClassVar = [
            *job_indexes("model_runs"),
            models.Index(
                fields=["machine", "model_type", "-created_at"], name="model_runs_by_machine"
            ),
            models.Index(
                fields=["-number"],
                condition=Q(machine__isnull=False),
                name="model_runs_machines_new",
            ),
            models.Index(
                fields=["model_type", "-number"],
                condition=Q(machine__isnull=False),
                name="model_runs_machines_by_type",
            ),
            models.Index(
                fields=["gathered"],
                condition=Q(gathered__isnull=False),
                name="model_runs_by_gathered",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.number}"

    @property
    def table_path(self) -> str:
        """Return where the table lies that it learns from, relative to the data root."""
        return self.dataset_path if self.gathered is None else self.gathered.path


class RunText(models.Model):
    """What is searched of a run; the database keeps it (`pool_tables`), nobody writes to it."""

    number = models.BigIntegerField(primary_key=True, db_column="rowid")
    version = models.TextField()
    body = models.TextField()

    class Meta:
        managed = False
        db_table = "run_texts"

    def __str__(self) -> str:
        return f"texts of run {self.number}"


class JobEvent(models.Model):
    """Something that happened to a job; ids grow, so a reader can go on where it stopped."""

    class Kind(models.TextChoices):
        """What happened."""

        STATUS = "status", "Status"
        PROGRESS = "progress", "Progress"
        LOG = "log", "Log"

    id = models.BigAutoField(primary_key=True)
    job_id = models.UUIDField()
    attempt = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    at = models.DateTimeField(default=now)
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "run_events"
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["job_id", "id"], name="run_events_by_job")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.job_id}"


class Worker(models.Model):
    """A worker's sign of life; `/readyz`, `doctor` and the pages read it."""

    name = models.CharField(max_length=128, primary_key=True)
    hostname = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    slots = models.PositiveIntegerField()
    version = models.CharField(max_length=32)
    started_at = models.DateTimeField(default=now)
    seen_at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        db_table = "workers"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
