"""Machines and their readings."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from modelwright.core.clock import now
from modelwright.core.fields import TextUUIDField


class Machine(models.Model):
    """Something that uses energy and has models.

    `number` is the short key of its readings. What is known of the readings (count, first, last,
    channels) is kept here by whoever writes them, under the row's lock.
    """

    id = TextUUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(unique=True, editable=False)
    name = models.CharField(max_length=200, unique=True)
    site = models.CharField(max_length=200, default="", blank=True, db_index=True)
    machine_type = models.CharField(max_length=100, default="", blank=True, db_index=True)
    rated_power_kw = models.FloatField(null=True, blank=True)
    energy_price_per_kwh = models.FloatField(null=True, blank=True)
    carbon_kg_per_kwh = models.FloatField(null=True, blank=True)
    timezone = models.CharField(max_length=64, default="UTC", help_text="IANA name.")
    tags = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True, help_text="Whether schedules look after it.")

    reading_count = models.PositiveBigIntegerField(default=0, editable=False)
    first_reading_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_reading_at = models.DateTimeField(null=True, blank=True, editable=False)
    channels = models.JSONField(default=list, blank=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        db_table = "machines"
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(rated_power_kw__isnull=True) | Q(rated_power_kw__gt=0),
                name="machines_rated_power_positive",
            ),
            models.CheckConstraint(
                condition=Q(carbon_kg_per_kwh__isnull=True) | Q(carbon_kg_per_kwh__gte=0),
                name="machines_carbon_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Reading(models.Model):
    """What was read of a machine at one moment (docs/decisions/0007).

    `at` is in milliseconds since 1970-01-01 UTC: the key that engines compute with, and half the
    size of a text.
    """

    pk: Any = models.CompositePrimaryKey("machine_id", "at")
    machine = models.ForeignKey(
        Machine,
        to_field="number",
        db_column="machine_number",
        db_index=False,  # the key begins with it
        on_delete=models.CASCADE,
        related_name="readings",
    )
    at = models.BigIntegerField()
    power_kw = models.FloatField(null=True)
    energy_kwh = models.FloatField(null=True)
    production_count = models.FloatField(null=True)
    outdoor_temp_c = models.FloatField(null=True)
    extra = models.JSONField(null=True, help_text="Channel -> number, for all other channels.")

    class Meta:
        db_table = "readings"

    def __str__(self) -> str:
        return f"reading of machine {self.machine_id} at {self.at}"


class ReadingBatch(models.Model):
    """Readings that arrived together: what changed when, so that others can catch up.

    Written under the machine's lock, so ids grow in the order in which a machine's batches are
    committed. A reader keeps the last id that it has dealt with.
    """

    id = models.BigAutoField(primary_key=True)
    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="batches")
    received_at = models.DateTimeField(default=now, editable=False)
    start_at = models.BigIntegerField(help_text="First reading that was added or changed.")
    end_at = models.BigIntegerField(help_text="Last one.")
    accepted = models.PositiveIntegerField()
    updated = models.PositiveIntegerField()

    class Meta:
        db_table = "reading_batches"
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["machine", "id"], name="reading_batches_next")]

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.machine_id}"
