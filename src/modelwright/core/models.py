"""Counters: numbers that people can say aloud, and how often somebody did something."""

from typing import ClassVar

from django.db import models, transaction


class Counter(models.Model):
    """A named running number.

    Unlike a sequence it leaves no gaps: the number is taken in the transaction that uses it.
    """

    name = models.CharField(max_length=64, primary_key=True)
    value = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "counters"

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


class RateCount(models.Model):
    """How often something was done in one window of time, by all processes (`core.limits`)."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    begins_at = models.BigIntegerField(help_text="Of the window: seconds since 1970-01-01 UTC.")
    count = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "rate_counts"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name", "begins_at"], name="rate_counts_one")
        ]
        indexes: ClassVar = [models.Index(fields=["begins_at"], name="rate_counts_by_time")]

    def __str__(self) -> str:
        return f"{self.name}: {self.count}"


def counter_next(name: str) -> int:
    """Return the next number of the counter `name`, from 1; held until the transaction ends."""
    with transaction.atomic():
        Counter.objects.get_or_create(name=name)
        Counter.objects.filter(name=name).update(value=models.F("value") + 1)
        return Counter.objects.values_list("value", flat=True).get(name=name)
