"""Writing events, reading them in the order in which they were committed, and forgetting them."""

import datetime as dt
from typing import Any

from django.db import connection, models
from django.db.models import BigIntegerField, F, Func, QuerySet
from django.db.models.functions import Cast

from modelwright.accounts.event_models import Event
from modelwright.core.clock import now

KEPT = dt.timedelta(days=30)
MOST_KEPT = 200_000


def event_write(**fields: Any) -> Event | None:
    """Write an event; None where its incident stood so already: flapping that changed nothing.

    Call it in the transaction in which it happens.
    """
    last = Event.objects.filter(incident=fields["incident"]).order_by("-id").first()
    if last is not None and all(
        getattr(last, name) == fields[name] for name in ("event", "severity", "state", "title")
    ):
        return None
    number: Any = None
    if connection.vendor == "postgresql":
        number = Cast(
            Cast(Func(function="pg_current_xact_id"), models.TextField()), BigIntegerField()
        )
    return Event.objects.create(transaction=number, **fields)


def events_settled() -> QuerySet[Event]:
    """Return the events that no event with a smaller id can come before any more.

    Ids are given before the commit: on PostgreSQL a later one may be seen first. Events of
    transactions that are younger than the oldest open one wait for it; SQLite writes one at a time.
    """
    found = Event.objects.order_by("id")
    if connection.vendor != "postgresql":
        return found
    oldest = Func(
        Func(function="pg_current_snapshot"),
        function="pg_snapshot_xmin",
        output_field=models.TextField(),
    )
    return found.annotate(_oldest=Cast(Cast(oldest, models.TextField()), BigIntegerField())).filter(
        models.Q(transaction__lt=F("_oldest")) | models.Q(transaction__isnull=True)
    )


def events_clear() -> int:
    """Forget events that are long past, or too many; return how many."""
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    old = models.Q(at__lt=now() - KEPT) | models.Q(id__lte=newest - MOST_KEPT)
    return Event.objects.filter(old).delete()[0]
