"""What is known of the traffic of models of tables: profiles, hourly cells, how far the log is."""

from typing import ClassVar

from django.db import models

from modelwright.core.clock import now
from modelwright.registry.models import ModelVersion


class TrafficProfile(models.Model):
    """What the rows and the answers of a version looked like when it was trained."""

    version = models.OneToOneField(
        ModelVersion, on_delete=models.CASCADE, primary_key=True, related_name="traffic_profile"
    )
    inputs = models.BinaryField(null=True, help_text="`engine.drift.Profile`; none of dates alone.")
    answers = models.BinaryField(help_text="`engine.drift.Profile` of the hold-out's answers.")
    baseline = models.JSONField(default=dict, help_text="What the run doesn't hold: log loss.")
    checked_at = models.DateTimeField(null=True, blank=True)
    checked = models.JSONField(default=dict, blank=True, help_text="What the last check found.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "traffic_profiles"

    def __str__(self) -> str:
        return f"traffic profile of version {self.version_id}"


class TrafficCell(models.Model):
    """One hour of one version: what was asked and answered, and how that turned out.

    The hour is that of the time that was predicted for. `inputs` and `answers` are counts of the
    version's profile; `outcomes` are sums (`monitoring.traffic.scores`). All add up over hours.
    """

    version = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="traffic_cells", db_index=False
    )
    hour = models.BigIntegerField(help_text="Hours since 1970-01-01 UTC.")
    given = models.PositiveIntegerField(default=0, help_text="Answers that were given.")
    shadow = models.PositiveIntegerField(default=0, help_text="Answers in shadow.")
    inputs = models.BinaryField(null=True, help_text="`engine.drift.Counts`.")
    answers = models.BinaryField(null=True, help_text="`engine.drift.Counts`.")
    outcomes = models.JSONField(default=dict, help_text="Sums over answers with actual values.")
    outcomes_gone = models.JSONField(
        null=True, blank=True, help_text="Those of them whose predictions are deleted by now."
    )
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "traffic_cells"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "hour"], name="traffic_cells_one_an_hour")
        ]

    def __str__(self) -> str:
        return f"hour {self.hour} of version {self.version_id}"


class TrafficNews(models.Model):
    """An hour whose outcomes are to be summed anew: actual values came, late ones or corrected."""

    version = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    hour = models.BigIntegerField()
    since = models.DateTimeField(default=now)

    class Meta:
        db_table = "traffic_news"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "hour"], name="traffic_news_one_an_hour")
        ]

    def __str__(self) -> str:
        return f"news of hour {self.hour} of version {self.version_id}"


class TrafficMark(models.Model):
    """How far the log of predictions has been counted; its one row is the lock of who counts.

    Ids are given before rows are committed, so a later one may show first. `gaps` are the ranges of
    ids below `counted_to` that were not there, with the time they were missed at: they are looked
    at again for a while.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    counted_to = models.BigIntegerField(default=0)
    gaps = models.JSONField(default=list)

    class Meta:
        db_table = "traffic_mark"
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="traffic_mark_one_row")
        ]

    def __str__(self) -> str:
        return f"counted to prediction {self.counted_to}"
