"""What completed runs made."""

from typing import ClassVar

from django.db import models

from modelwright.core.clock import now
from modelwright.runs.models import TrainingRun


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
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "model_versions"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "number"], name="model_versions_number")
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.number} of {self.subject})"
