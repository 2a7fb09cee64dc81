"""What is known of how models do, and what somebody must look at."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from modelwright.accounts.models import User
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.core.fields import TextUUIDField
from modelwright.monitoring.traffic_models import (
    TrafficCell,
    TrafficMark,
    TrafficNews,
    TrafficProfile,
)
from modelwright.registry.models import ModelVersion, Subject

__all__ = [
    "Alert",
    "AlertRule",
    "DriftCell",
    "DriftProfile",
    "KpiDay",
    "MachineAnomaly",
    "MetricsRecord",
    "Progress",
    "TrafficCell",
    "TrafficMark",
    "TrafficNews",
    "TrafficProfile",
]


class MetricsRecord(models.Model):
    """How one version did over one period. `model_id` is the id of the training that made it."""

    class Source(models.TextChoices):
        """Where the numbers come from."""

        HOLD_OUT = "hold_out", "Hold-out of the training"
        DRIFT_CHECK = "drift_check", "Drift check"
        TRAFFIC = "traffic", "Predictions and actuals"
        RECORDED = "recorded", "Recorded by a client"

    id = TextUUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model_id = TextUUIDField(null=True, blank=True, db_index=True)
    model_type = models.CharField(max_length=64)
    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="metrics_records")
    model_version = models.PositiveIntegerField(null=True, blank=True)
    source = models.CharField(max_length=16, choices=Source.choices)
    evaluation_date = models.DateTimeField(default=now)
    evaluation_start = models.DateTimeField()
    evaluation_end = models.DateTimeField()
    sample_count = models.PositiveIntegerField(default=0)
    r_squared = models.FloatField(null=True, blank=True)
    rmse = models.FloatField(null=True, blank=True)
    mae = models.FloatField(null=True, blank=True)
    mape = models.FloatField(null=True, blank=True)
    metrics = models.JSONField(default=dict, blank=True, help_text="All others.")
    drift_detected = models.BooleanField(null=True)
    drift_score = models.FloatField(null=True, blank=True)
    drift_type = models.CharField(max_length=32, default="", blank=True)
    drift_features = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "model_performance_metrics"
        ordering: ClassVar = ["-evaluation_end", "-created_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(evaluation_end__gte=F("evaluation_start")),
                name="model_performance_metrics_period",
            ),
            models.UniqueConstraint(
                fields=["model_id"],
                condition=Q(source="hold_out"),
                name="model_performance_metrics_one_hold_out",
            ),
            models.UniqueConstraint(
                fields=["model_id", "evaluation_start", "evaluation_end"],
                condition=Q(source="drift_check"),
                name="model_performance_metrics_one_check",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["machine", "model_type", "-evaluation_end"],
                name="model_performance_by_machine",
            ),
            models.Index(
                fields=["machine", "model_type", "evaluation_date"],
                name="model_performance_by_date",
            ),
            models.Index(
                fields=["model_id", "-evaluation_end", "-created_at"],
                name="model_performance_by_model",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_type} of {self.machine_id} until {self.evaluation_end:%Y-%m-%d %H:%M}"


class DriftProfile(models.Model):
    """What the readings looked like that a version learned from, and the errors since."""

    version = models.OneToOneField(
        ModelVersion, on_delete=models.CASCADE, related_name="drift_profile"
    )
    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="+")
    data = models.BinaryField(help_text="`engine.drift.Profile`, written by itself.")
    concept = models.JSONField(default=dict, help_text="State of the detector on the errors.")
    concept_until = models.BigIntegerField(
        null=True, help_text="Readings up to here have been told to the detector (ms UTC)."
    )
    is_counting = models.BooleanField(default=True, help_text="Whether readings are counted still.")
    counted_from = models.BigIntegerField(
        default=0, help_text="Hour (since 1970, UTC) from which on every reading is in a cell."
    )
    checked_at = models.DateTimeField(null=True, blank=True)
    checked = models.JSONField(default=dict, blank=True, help_text="What the last check found.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "drift_profiles"
        indexes: ClassVar = [
            models.Index(
                fields=["machine"], condition=Q(is_counting=True), name="drift_profiles_counting"
            )
        ]

    def __str__(self) -> str:
        return f"profile of version {self.version_id}"


class DriftCell(models.Model):
    """How often each bin of a profile was hit in one hour; cells add up."""

    profile = models.ForeignKey(
        DriftProfile, on_delete=models.CASCADE, related_name="cells", db_index=False
    )
    hour = models.BigIntegerField(help_text="Hours since 1970-01-01 UTC.")
    data = models.BinaryField(help_text="`engine.drift.Counts`, written by itself.")

    class Meta:
        db_table = "drift_cells"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["profile", "hour"], name="drift_cells_one_an_hour")
        ]

    def __str__(self) -> str:
        return f"hour {self.hour} of profile {self.profile_id}"


class Alert(models.Model):
    """Something that somebody must look at: one row per incident, however often it shows."""

    class Status(models.TextChoices):
        """Where it stands."""

        FIRING = "firing", "Firing"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        RESOLVED = "resolved", "Resolved"

    class Severity(models.TextChoices):
        """How bad it is."""

        INFO = "info", "Info"
        WARNING = "warning", "Warning"
        CRITICAL = "critical", "Critical"

    id = TextUUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model_type = models.CharField(max_length=64, default="", blank=True)
    machine = models.ForeignKey(
        Machine, null=True, blank=True, on_delete=models.CASCADE, related_name="alerts"
    )
    subject = models.ForeignKey(
        Subject,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="alerts",
        help_text="What it is about where that is no machine.",
    )
    alert_type = models.CharField(max_length=64)
    incident = models.CharField(max_length=200, help_text="There is one open alert of each.")
    severity = models.CharField(max_length=16, choices=Severity.choices)
    status = models.CharField(
        max_length=16, choices=Status.choices, default=Status.FIRING, db_default=Status.FIRING
    )
    message = models.TextField()
    current_value = models.FloatField(null=True, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)
    occurrences = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now, editable=False)
    last_seen_at = models.DateTimeField(default=now)
    silenced_until = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    resolution = models.TextField(default="", blank=True)

    class Meta:
        db_table = "model_alerts"
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["incident"],
                condition=~Q(status="resolved"),
                name="model_alerts_one_open_per_incident",
            ),
            models.CheckConstraint(
                condition=Q(status="resolved", resolved_at__isnull=False)
                | (~Q(status="resolved") & Q(resolved_at__isnull=True)),
                name="model_alerts_resolved_has_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-created_at"], condition=~Q(status="resolved"), name="model_alerts_open"
            ),
            models.Index(fields=["machine", "-created_at"], name="model_alerts_by_machine"),
        ]

    def __str__(self) -> str:
        return f"{self.severity} {self.alert_type}: {self.message[:80]}"


class AlertRule(models.Model):
    """How alerts of a kind are treated; the most particular rule wins (machine, then type)."""

    alert_type = models.CharField(max_length=64)
    model_type = models.CharField(max_length=64, default="", blank=True, help_text="Empty: all.")
    machine = models.ForeignKey(
        Machine, null=True, blank=True, on_delete=models.CASCADE, related_name="alert_rules"
    )
    warning_at = models.FloatField(null=True, blank=True)
    critical_at = models.FloatField(null=True, blank=True)
    cooldown_minutes = models.PositiveIntegerField(
        default=60, help_text="After an incident was resolved, it stays quiet for so long."
    )
    is_muted = models.BooleanField(default=False)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "alert_rules"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alert_type", "model_type", "machine"],
                condition=Q(machine__isnull=False),
                name="alert_rules_one_per_machine",
            ),
            models.UniqueConstraint(
                fields=["alert_type", "model_type"],
                condition=Q(machine__isnull=True),
                name="alert_rules_one_for_all",
            ),
            models.CheckConstraint(
                condition=Q(warning_at__isnull=True)
                | Q(critical_at__isnull=True)
                | Q(critical_at__gte=F("warning_at")),
                name="alert_rules_critical_is_worse",
            ),
        ]

    def __str__(self) -> str:
        return f"rule for {self.alert_type}"


class MachineAnomaly(models.Model):
    """A stretch of readings that a version found out of the ordinary."""

    id = TextUUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="anomalies")
    version = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    severity = models.CharField(max_length=16, choices=Alert.Severity.choices)
    score = models.FloatField()
    channels = models.JSONField(default=list)
    message = models.TextField()
    is_false_alarm = models.BooleanField(default=False)
    detected_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "machine_anomalies"
        ordering: ClassVar = ["-start_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["machine", "start_at"], name="machine_anomalies_one")
        ]

    def __str__(self) -> str:
        return f"anomaly of {self.machine_id} at {self.start_at:%Y-%m-%d %H:%M}"


class KpiDay(models.Model):
    """A machine's key figures of one of its local days."""

    machine = models.ForeignKey(
        Machine, on_delete=models.CASCADE, related_name="kpi_days", db_index=False
    )
    day = models.DateField()
    energy_kwh = models.FloatField(null=True)
    production_count = models.FloatField(null=True)
    specific_energy_kwh = models.FloatField(null=True, help_text="kWh per piece.")
    peak_kw = models.FloatField(null=True)
    demand_minutes = models.PositiveIntegerField(
        default=60, help_text="Interval whose mean power the peak is."
    )
    load_factor = models.FloatField(null=True)
    cost = models.FloatField(null=True)
    carbon_kg = models.FloatField(null=True)
    coverage = models.FloatField(help_text="Share of the day with energy or power.")
    reading_count = models.PositiveIntegerField(default=0)
    computed_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "machine_kpi_days"
        ordering: ClassVar = ["-day"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["machine", "day"], name="machine_kpi_days_one")
        ]

    def __str__(self) -> str:
        return f"{self.day} of {self.machine_id}"


class Progress(models.Model):
    """How far somebody has dealt with a machine's batches of readings."""

    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="+", db_index=False)
    reader = models.CharField(max_length=32, help_text="kpi, anomaly, …")
    batch_id = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "monitoring_progress"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["machine", "reader"], name="monitoring_progress_one")
        ]

    def __str__(self) -> str:
        return f"{self.reader} of {self.machine_id}: {self.batch_id}"
