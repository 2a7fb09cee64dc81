"""Data sets, the experiments made on them, and with whom these are shared."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from modelwright.accounts.models import User
from modelwright.catalog.machine_models import Machine, Reading, ReadingBatch
from modelwright.core.clock import now
from modelwright.engine.parameters import TASKS

__all__ = [
    "DataSet",
    "Experiment",
    "Machine",
    "Reading",
    "ReadingBatch",
    "Share",
    "TargetProfile",
]


class DataSet(models.Model):
    """A table that was handed in; its file never changes.

    Handing in other content under the same name makes the next version of it.
    """

    class Format(models.TextChoices):
        """How the file is written."""

        CSV = "csv", "CSV"
        PARQUET = "parquet", "Parquet"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField(
        default=1, help_text="Counts the different contents of the owner's sets of this name."
    )
    source = models.CharField(
        max_length=1024, default="", blank=True, help_text="The file's name, or path, as given."
    )
    path = models.CharField(max_length=1024, unique=True, help_text="Relative to the data root.")
    format = models.CharField(max_length=16, choices=Format.choices)
    encoding = models.CharField(max_length=32, default="", blank=True)
    delimiter = models.CharField(max_length=4, default="", blank=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.PositiveBigIntegerField()
    row_count = models.PositiveBigIntegerField()
    columns = models.JSONField(help_text="name, dtype, missing, distinct and kind of each.")
    profile = models.JSONField(default=dict, blank=True, help_text="What the pages show of it.")
    preview = models.JSONField(default=dict, blank=True, help_text="The first rows.")
    warnings = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "data_sets"
        ordering: ClassVar = ["-created_at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["owner", "name", "-version"], name="data_sets_by_name")
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version})"

    @property
    def column_names(self) -> list[str]:
        """Return the names of the columns, in order."""
        return [column["name"] for column in self.columns]


class Upload(models.Model):
    """A file that comes in pieces; how much of it is there is the size of the file on disk."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=1024, help_text="The file's name, as given.")
    name = models.CharField(max_length=200, help_text="Of the data set it becomes.")
    fingerprint = models.CharField(
        max_length=100,
        default="",
        blank=True,
        help_text="By which the sender knows the file again.",
    )
    size_bytes = models.PositiveBigIntegerField()
    dataset = models.OneToOneField(
        DataSet, null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text="What it became.",
    )  # fmt: skip
    created_at = models.DateTimeField(default=now, editable=False)
    touched_at = models.DateTimeField(default=now, db_index=True, help_text="Its last piece.")

    class Meta:
        db_table = "uploads"
        ordering: ClassVar = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.source


class TargetProfile(models.Model):
    """How the columns of a data set go with one of them; made when first asked for."""

    dataset = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="target_profiles")
    target = models.CharField(max_length=255)
    result = models.JSONField()
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "data_set_targets"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dataset", "target"], name="data_set_targets_once")
        ]

    def __str__(self) -> str:
        return f"{self.target} of {self.dataset_id}"


class Experiment(models.Model):
    """A question asked of a data set: which column is to be predicted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(max_length=200)
    description = models.TextField(default="", blank=True)
    dataset = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="experiments")
    target_column = models.CharField(max_length=255)
    task = models.CharField(max_length=32, choices=[(task, task) for task in TASKS])
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "experiments"
        ordering: ClassVar = ["-created_at", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(task__in=TASKS), name="experiments_task")
        ]

    def __str__(self) -> str:
        return self.name


class Share(models.Model):
    """One user or one group with whom an experiment is shared."""

    class Level(models.TextChoices):
        """What those with whom it is shared may do."""

        VIEWER = "viewer", "Viewer"
        EDITOR = "editor", "Editor"

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="shares")
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    group = models.ForeignKey(
        Group, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    level = models.CharField(max_length=16, choices=Level.choices)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "experiment_shares"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, group__isnull=True)
                | Q(user__isnull=True, group__isnull=False),
                name="experiment_shares_user_or_group",
            ),
            models.CheckConstraint(
                condition=Q(level__in=["viewer", "editor"]), name="experiment_shares_level"
            ),
            models.UniqueConstraint(
                fields=["experiment", "user"],
                condition=Q(user__isnull=False),
                name="experiment_shares_once_a_user",
            ),
            models.UniqueConstraint(
                fields=["experiment", "group"],
                condition=Q(group__isnull=False),
                name="experiment_shares_once_a_group",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id} with {self.who}: {self.level}"

    @property
    def who(self) -> str:
        """Return the name of the user or group."""
        holder = self.user or self.group
        return "" if holder is None else str(holder)
