"""The scheduler's sign of life: one row of the schedules themselves, seen from every machine."""

import logging
import time
from typing import Any

from django.db import DatabaseError, connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from modelwright.core.clock import now

log = logging.getLogger(__name__)

SIGN = "scheduler: sign of life"
SIGN_SECONDS = 15.0


class SigningScheduler(DatabaseScheduler):  # type: ignore[misc]  # celery has no types
    """Celery's scheduler over the database, which says that it lives."""

    _signed_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due and return the seconds until the next look."""
        if time.monotonic() - self._signed_at > SIGN_SECONDS:
            self._signed_at = time.monotonic()
            sign()
        wait: float = super().tick(*args, **kwargs)
        return min(wait, SIGN_SECONDS)


def sign() -> None:
    """Write the sign of life. `update` and not `save`: the schedules haven't changed."""
    try:
        if not PeriodicTask.objects.filter(name=SIGN).update(last_run_at=now()):
            interval, _ = IntervalSchedule.objects.get_or_create(every=15, period="seconds")
            PeriodicTask.objects.get_or_create(
                name=SIGN,
                defaults={
                    "task": SIGN,
                    "interval": interval,
                    "enabled": False,
                    "last_run_at": now(),
                    "description": "Written by the scheduler itself; never sent to a worker.",
                },
            )
    except DatabaseError as error:
        log.warning("The scheduler's sign of life could not be written: %s", error)
        connection.close()
