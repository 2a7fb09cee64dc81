"""Delivering notices: any number of processes may try at once, and any of them may be killed.

A notice is leased by compare-and-set before it is sent; whoever dies in between leaves a lease that
runs out, and it is sent again under the same key. So a message is told at least once, and twice
only where the process died between sending and writing that down.
"""

import datetime as dt
import logging
import time
from zoneinfo import ZoneInfo

from django.db import transaction

from modelwright.accounts.errors import DeliveryError, SecretUnreadableError
from modelwright.accounts.notification_models import Channel, Delivery, Notice, Severity
from modelwright.accounts.notifications.messages import Item, Message
from modelwright.accounts.notifications.outbox import due_for, notices_due
from modelwright.accounts.notifications.secrets import secret_open
from modelwright.accounts.notifications.senders import message_send
from modelwright.core.clock import now

log = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=60)
BACKOFF_SECONDS = (30, 120, 600, 3600, 6 * 3600, 12 * 3600)
MAX_ATTEMPTS = len(BACKOFF_SECONDS) + 1
BATCH = 50
DIGEST_MOST = 200
DELIVERIES_KEPT = dt.timedelta(days=90)


def notices_deliver(*, seconds: float = 30.0) -> int:
    """Deliver what is due, for so many seconds at most; return how many messages were taken."""
    deadline = time.monotonic() + seconds
    taken = 0
    while time.monotonic() < deadline and (due := list(notices_due()[:BATCH])):
        moved = 0
        for notice in due:
            if time.monotonic() > deadline:
                break
            if (until := _quiet_until(notice)) is not None:
                moved += _postpone(notice, until)
            elif group := _lease(notice):
                moved += 1
                taken += _deliver(notice.channel, group)
        if not moved:
            break  # others have them
    return taken


def deliveries_clear() -> int:
    """Forget deliveries that are long past."""
    return Delivery.objects.filter(at__lt=now() - DELIVERIES_KEPT).delete()[0]


def _quiet_until(notice: Notice) -> dt.datetime | None:
    """Return when the channel's quiet hours end, where they hold now; critical ones go through."""
    channel = notice.channel
    start, end = channel.quiet_from, channel.quiet_until
    if start is None or end is None or notice.severity == Severity.CRITICAL:
        return None
    here = now().astimezone(ZoneInfo(channel.timezone))
    clock = here.time()
    inside = start <= clock < end if start <= end else clock >= start or clock < end
    if not inside:
        return None
    day = here.date() if clock < end else here.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, end, tzinfo=here.tzinfo).astimezone(dt.UTC)


def _postpone(notice: Notice, until: dt.datetime) -> int:
    return Notice.objects.filter(pk=notice.pk, due_at=notice.due_at).update(due_at=until)


def _lease(notice: Notice) -> list[Notice]:
    """Take a notice, and in a digest all others of its channel that are due; empty: too late."""
    candidates = [notice]
    if notice.channel.digest_minutes:
        candidates = list(notices_due().filter(channel=notice.channel)[:DIGEST_MOST])
    return [
        one
        for one in candidates
        if Notice.objects.filter(pk=one.pk, due_at=one.due_at).update(due_at=now() + LEASE)
    ]


def _deliver(channel: Channel, group: list[Notice]) -> int:
    message = Message(
        key=f"{group[0].pk}-{group[0].sequence}-{len(group)}",
        items=tuple(_item(notice) for notice in group),
    )
    begun = time.monotonic()
    error = ""
    try:
        secret = secret_open(channel.secret) if channel.secret else ""
        message_send(channel, secret_open(channel.target), secret, message)
    except (DeliveryError, SecretUnreadableError) as failure:
        error = failure.message
        log.warning("Channel %s could not be told: %s", channel.pk, error)
    with transaction.atomic():
        Delivery.objects.create(
            channel=channel,
            key=message.key,
            title=message.title,
            notices=len(group),
            succeeded=not error,
            error=error,
            seconds=round(time.monotonic() - begun, 3),
        )
        for notice in group:
            _settle(channel, notice, error)
    return int(not error)


def _item(notice: Notice) -> Item:
    return Item(
        incident=notice.incident,
        event=notice.event,
        state=notice.state,
        severity=notice.severity,
        title=notice.title,
        body=notice.body,
        link=notice.link,
        at=notice.updated_at,
        data=notice.data,
    )


def _settle(channel: Channel, sent: Notice, error: str) -> None:
    """Write what came of it; what happened meanwhile (a later sequence) is told next."""
    notice = Notice.objects.select_for_update().filter(pk=sent.pk).first()
    if notice is None:
        return
    if error:
        notice.error = error
        notice.attempts += 1
        gave_up = notice.attempts >= MAX_ATTEMPTS
        pause = BACKOFF_SECONDS[min(notice.attempts, len(BACKOFF_SECONDS)) - 1]
        notice.due_at = None if gave_up else now() + dt.timedelta(seconds=pause)
    else:
        notice.error = ""
        notice.attempts = 0
        notice.told = sent.state
        notice.told_sequence = sent.sequence
        notice.told_at = {**notice.told_at, sent.state: now().isoformat()}
        as_it_was = notice.sequence == sent.sequence or notice.state == sent.state
        notice.due_at = None if as_it_was else due_for(channel, notice)
    notice.save()
