"""Counters that people can say aloud."""

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


def counter_next(name: str) -> int:
    """Return the next number of the counter `name`, from 1; held until the transaction ends."""
    with transaction.atomic():
        Counter.objects.get_or_create(name=name)
        Counter.objects.filter(name=name).update(value=models.F("value") + 1)
        return Counter.objects.values_list("value", flat=True).get(name=name)
