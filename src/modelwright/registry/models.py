"""What completed runs made, which of it answers, and how that came to be."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from modelwright.accounts.models import User
from modelwright.catalog.models import DataSet, Experiment, Machine
from modelwright.core.clock import now
from modelwright.core.fields import TextUUIDField
from modelwright.runs.models import Job, TrainingRun, job_constraints, job_indexes


class Subject(models.Model):
    """What is modelled: one row for each `TrainingRun.subject` that has a version.

    Its row is the lock under which the champion changes.
    """

    class Promotion(models.TextChoices):
        """How a version becomes champion."""

        NEWEST = "newest", "The newest version answers"
        MANUAL = "manual", "A person or a policy decides"

    id = TextUUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=300, unique=True)
    slug = models.CharField(max_length=120, unique=True, help_text="Its name in addresses.")
    title = models.CharField(max_length=300)
    model_type = models.CharField(max_length=64)
    machine = models.ForeignKey(
        Machine, null=True, blank=True, on_delete=models.CASCADE, related_name="subjects"
    )
    experiment = models.ForeignKey(
        Experiment, null=True, blank=True, on_delete=models.CASCADE, related_name="subjects"
    )
    promotion = models.CharField(max_length=16, choices=Promotion.choices, default=Promotion.NEWEST)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "model_subjects"
        ordering: ClassVar = ["title", "id"]

    def __str__(self) -> str:
        return self.title


class ModelVersion(models.Model):
    """One version of a subject's model, and the proof of its bytes.

    `sha256` and `signature` are those recorded when the run completed; an artifact that differs is
    never loaded.
    """

    run = models.OneToOneField(TrainingRun, on_delete=models.PROTECT, related_name="version")
    subject = models.CharField(max_length=300)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=100, unique=True)
    artifact_path = models.CharField(max_length=1024)
    sha256 = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    size_bytes = models.PositiveBigIntegerField()
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="children",
        help_text="The champion at the time.",
    )
    tags = models.JSONField(default=list, blank=True)
    notes = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    origin = models.JSONField(
        null=True, blank=True, editable=False, help_text="Of an imported one: where it was before."
    )
    removed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When its file was given up; empty: kept."
    )
    is_file_gone = models.BooleanField(
        default=False, editable=False, help_text="Whether the file that was given up is deleted."
    )

    class Meta:
        db_table = "model_versions"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "number"], name="model_versions_number")
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.number} of {self.subject})"

    @property
    def is_plain(self) -> bool:
        """Whether its file is plain numbers, as a machine's model is: read by anybody, no code."""
        return self.artifact_path.endswith(".json")


class RetentionRule(models.Model):
    """Which versions' files are kept, of one subject or, without one, of all that have no own rule.

    What several parts keep is kept; a version that answers, has an alias or is in use always is.
    """

    DEFAULT_ID = uuid.UUID(int=0)

    id = TextUUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.OneToOneField(
        Subject, null=True, blank=True, on_delete=models.CASCADE, related_name="retention"
    )
    keep_newest = models.PositiveIntegerField(default=10, help_text="So many versions.")
    keep_days = models.PositiveIntegerField(default=90, help_text="Those of so many days.")
    keep_champions = models.PositiveIntegerField(
        default=3, help_text="So many that answered before, to roll back to."
    )
    keep_tagged = models.BooleanField(default=True, help_text="All that have a tag.")
    is_active = models.BooleanField(
        default=False, help_text="Whether the scheduled clean-up deletes by itself."
    )
    updated_at = models.DateTimeField(default=now)
    updated_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "model_retention_rules"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(subject__isnull=False) | Q(id=uuid.UUID(int=0)),
                name="model_retention_rules_one_default",
            )
        ]

    def __str__(self) -> str:
        return f"retention of {self.subject_id or 'all'}"


class ModelAlias(models.Model):
    """A name that points at one version of a subject; `champion` is the version that answers."""

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=64)
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="aliases")
    set_at = models.DateTimeField(default=now)
    set_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "model_aliases"
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "name"], name="model_aliases_one")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.subject_id}"


class Promotion(models.Model):
    """One change of a champion: from which version to which, why, by whom, on what evidence."""

    class Kind(models.TextChoices):
        """How it came about."""

        FIRST = "first", "First version"
        NEWEST = "newest", "Newest version"
        PROMOTED = "promoted", "Promoted"
        ROLLED_BACK = "rolled_back", "Rolled back"
        DELETED = "deleted", "The champion was deleted"

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="promotions")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    from_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    to_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    from_number = models.PositiveIntegerField(null=True)
    to_number = models.PositiveIntegerField(null=True)
    reason = models.TextField(default="", blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    actor = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "model_promotions"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["subject", "-id"], name="model_promotions_last")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(from_number__isnull=False) | Q(to_number__isnull=False),
                name="model_promotions_say_which",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject_id}: {self.from_number} -> {self.to_number}"


class Comparison(Job):
    """Version a and version b of one subject on the same rows."""

    class Source(models.TextChoices):
        """Which rows."""

        HOLD_OUT = "hold_out", "The hold-out of the newer version"
        DATASET = "dataset", "A data set"
        READINGS = "readings", "Readings of its machine"

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="comparisons")
    version_a = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    version_b = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=16, choices=Source.choices)
    dataset = models.ForeignKey(
        DataSet, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    period_start = models.DateTimeField(null=True, blank=True)
    period_end = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "model_comparisons"
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = job_constraints("model_comparisons")
        indexes: ClassVar = job_indexes("model_comparisons")

    def __str__(self) -> str:
        return f"versions {self.version_a_id} and {self.version_b_id} of {self.subject_id}"
