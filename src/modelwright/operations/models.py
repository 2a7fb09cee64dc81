"""What is kept of the server's own work."""

from typing import ClassVar

from django.db import models

from modelwright.core.clock import now


class JobTally(models.Model):
    """How many jobs ended so, and how long they took; the counts outlive processes and hosts.

    One row for each kind, outcome, reason and class of duration (`bucket`: the number of the first
    of `tallies.BOUNDS` that it doesn't exceed; -1: it never started).
    """

    kind = models.CharField(max_length=32)
    outcome = models.CharField(max_length=16)
    reason = models.CharField(max_length=64, default="", blank=True)
    bucket = models.SmallIntegerField()
    count = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)

    class Meta:
        db_table = "job_tallies"
        ordering: ClassVar = ["kind", "outcome", "reason", "bucket"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "outcome", "reason", "bucket"], name="job_tallies_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.kind} {self.outcome}"


class Backup(models.Model):
    """A backup that was written and read back."""

    at = models.DateTimeField(default=now, db_index=True)
    host = models.CharField(max_length=255)
    name = models.CharField(max_length=255, help_text="Of the file, without its folder.")
    files = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    seconds = models.FloatField(default=0.0)

    class Meta:
        db_table = "backups"
        ordering: ClassVar = ["-at"]

    def __str__(self) -> str:
        return f"{self.name} of {self.at:%Y-%m-%d %H:%M}"
