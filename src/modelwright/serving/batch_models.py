"""Predictions for a whole data set: a job that leaves a file."""

from typing import ClassVar

from django.db import models

from modelwright.catalog.models import DataSet
from modelwright.registry.models import ModelVersion, Subject
from modelwright.runs.models import Job, job_constraints, job_indexes


class BatchPrediction(Job):
    """The rows of a data set, answered by one version of a subject."""

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="batches")
    version = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.SET_NULL, related_name="batches"
    )
    version_number = models.PositiveIntegerField()
    dataset = models.ForeignKey(
        DataSet, null=True, on_delete=models.SET_NULL, related_name="batches"
    )
    dataset_name = models.CharField(max_length=255)
    key_column = models.CharField(max_length=255, default="", blank=True)
    is_logged = models.BooleanField(default=False, help_text="Whether each row is kept, too.")
    rows = models.PositiveIntegerField(null=True, blank=True)
    path = models.CharField(max_length=1024, default="", blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, default="", blank=True)
    removed_at = models.DateTimeField(
        null=True, blank=True, help_text="When its file was deleted; `path` goes with the file."
    )

    class Meta:
        db_table = "batch_predictions"
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [*job_constraints("batch_predictions")]
        indexes: ClassVar = [*job_indexes("batch_predictions")]

    def __str__(self) -> str:
        return f"predictions for {self.dataset_name}"
