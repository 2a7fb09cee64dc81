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
from modelwright.accounts.notifications.outbox import LEASE, due_for, notices_due
from modelwright.accounts.notifications.secrets import secret_open
from modelwright.accounts.notifications.senders import message_send
from modelwright.core.clock import now

log = logging.getLogger(__name__)

MINUTE = dt.timedelta(minutes=1)
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
            until = _quiet_until(notice.channel)
            if until is not None and notice.severity != Severity.CRITICAL:
                moved += _postpone(notice, until)
            elif group := _lease(notice, only_critical=until is not None):
                moved += 1
                taken += _deliver(notice.channel, group)
        if not moved:
            break  # others have them
    return taken


def deliveries_clear() -> int:
    """Forget deliveries that are long past."""
    return Delivery.objects.filter(at__lt=now() - DELIVERIES_KEPT).delete()[0]


def quiet_until(
    start: dt.time, end: dt.time, zone: dt.tzinfo, moment: dt.datetime
) -> dt.datetime | None:
    """Return when quiet hours end that hold at a moment; None: they don't.

    They are those of the clock on the wall: what it shows twice when summer time ends is quiet
    twice, and they end with the first minute that it shows outside of them.

    Parameters
    ----------
    start, end : time
        By the minute: seconds don't count. The end may be on the next day.
    zone : tzinfo
    moment : datetime

    Examples
    --------
    >>> night = dt.time(22), dt.time(7)
    >>> quiet_until(*night, ZoneInfo("Europe/Paris"), dt.datetime(2026, 3, 28, 23, tzinfo=dt.UTC))
    datetime.datetime(2026, 3, 29, 5, 0, tzinfo=datetime.timezone.utc)
    """
    start, end = (clock.replace(second=0, microsecond=0) for clock in (start, end))

    def is_quiet(at: dt.datetime) -> bool:
        clock = at.astimezone(zone).time()
        return start <= clock < end if start <= end else clock >= start or clock < end

    if not is_quiet(moment):
        return None
    at = moment.astimezone(dt.UTC).replace(second=0, microsecond=0) + MINUTE
    while is_quiet(at):
        at += MINUTE
    return at


def _quiet_until(channel: Channel) -> dt.datetime | None:
    if channel.quiet_from is None or channel.quiet_until is None:
        return None
    zone = ZoneInfo(channel.timezone)
    return quiet_until(channel.quiet_from, channel.quiet_until, zone, now())


def _postpone(notice: Notice, until: dt.datetime) -> int:
    return Notice.objects.filter(pk=notice.pk, due_at=notice.due_at).update(due_at=until)


@transaction.atomic
def _lease(notice: Notice, *, only_critical: bool) -> list[Notice]:
    """Take a notice, and in a digest all others of its channel that are due; empty: too late."""
    candidates = [notice]
    if notice.channel.digest_minutes:
        # of two at once one takes all, so that a digest is one message
        Channel.objects.select_for_update().filter(pk=notice.channel_id).first()
        due = notices_due().filter(channel=notice.channel)
        if only_critical:
            due = due.filter(severity=Severity.CRITICAL)
        candidates = list(due[:DIGEST_MOST])
    until = now() + LEASE  # the same for all: should we die, they are told together again
    return [
        one
        for one in candidates
        if Notice.objects.filter(pk=one.pk, due_at=one.due_at).update(due_at=until)
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
        moment = now()
        if channel.digest_minutes and not error:
            _wait_for_the_next(channel, group, moment)
        for notice in group:
            _settle(channel, notice, error, moment)
    return int(not error)


def _wait_for_the_next(channel: Channel, group: list[Notice], moment: dt.datetime) -> None:
    """Keep what came while a digest was sent for the next one, a whole interval later."""
    after = moment + dt.timedelta(minutes=channel.digest_minutes)
    waiting = Notice.objects.filter(channel=channel, due_at__gt=moment, due_at__lt=after)
    waiting.exclude(pk__in=[notice.pk for notice in group]).update(due_at=after)


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


def _settle(channel: Channel, sent: Notice, error: str, moment: dt.datetime) -> None:
    """Write what came of it; what happened meanwhile (a later sequence) is told next."""
    notice = Notice.objects.select_for_update().filter(pk=sent.pk).first()
    if notice is None:
        return
    if error:
        notice.error = error
        notice.attempts += 1
        gave_up = notice.attempts >= MAX_ATTEMPTS
        pause = BACKOFF_SECONDS[min(notice.attempts, len(BACKOFF_SECONDS)) - 1]
        notice.due_at = None if gave_up else moment + dt.timedelta(seconds=pause)
    else:
        notice.error = ""
        notice.attempts = 0
        notice.told = sent.state
        notice.told_sequence = sent.sequence
        notice.told_at = {**notice.told_at, sent.state: moment.isoformat()}
        as_it_was = notice.sequence == sent.sequence or notice.state == sent.state
        notice.due_at = None if as_it_was else due_for(channel, notice)
    notice.save()
