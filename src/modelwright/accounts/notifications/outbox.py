"""What is to be told: written together with what happened, delivered later by whoever has time."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Min, QuerySet

from modelwright.accounts.events import event_write
from modelwright.accounts.models import User
from modelwright.accounts.notification_models import Channel, Notice
from modelwright.accounts.notifications.messages import RANK
from modelwright.core.clock import now

LEASE = dt.timedelta(seconds=60)
"""For how long whoever sends a notice has it for himself."""
EVENTS = ("alert", "job_failed", "ab_test", "promotion", "policy", "system")


@dataclass(frozen=True)
class About:
    """What a notice is about, and whose business that is.

    Parameters
    ----------
    subject : str
        Slug of the model; empty: none.
    experiment : UUID or None
        By which it is closed to others.
    open_to : callable or None
        `open_to(user)`: whether somebody may see it, or a team's group; None: everybody may.
    """

    subject: str = ""
    experiment: UUID | None = None
    open_to: Callable[[User | Group], bool] | None = None


_ringers: list[Callable[[], Any]] = []


def on_notice(ringer: Callable[[], Any]) -> None:
    """Have `ringer()` called, after the commit, when there is something to deliver."""
    if ringer not in _ringers:
        _ringers.append(ringer)


def notify(
    *,
    event: str,
    incident: str,
    state: str,
    severity: str,
    title: str,
    body: str = "",
    path: str = "",
    data: Mapping[str, Any] | None = None,
    only_for: User | None = None,
    about: About = About(),
) -> int:
    """Tell every channel that wants to know; call it in the transaction in which it happens.

    Parameters
    ----------
    event : str
        One of `EVENTS`.
    incident : str
        What it is about: later calls for the same incident replace what was not yet told.
    state : str
        Where the incident stands now: `firing`, `resolved`, or whatever happened once.
    severity : str
        One of `Severity`.
    title, body : str
        One line; and what there is to say.
    path : str
        Of the page to look at.
    data : mapping, optional
        JSON-safe facts for programs.
    only_for : User, optional
        Tell only this user's own channels.
    about : About
        The model that it is about, and who may know.

    Returns
    -------
    int
        Channels that will be told.
    """
    told = 0
    fields = {
        "event": event,
        "severity": severity,
        "state": state,
        "title": title[:255],
        "body": body,
        "link": f"{settings.PUBLIC_URL}{path}" if path else "",
        "data": dict(data or {}),
    }
    with transaction.atomic():
        event_write(
            incident=incident[:200],
            subject=about.subject,
            scope=about.experiment,
            only_for=only_for,
            **fields,
        )
        for channel in _wanting(event, severity, only_for, about):
            told += _note(channel, incident[:200], fields)
        if told:
            transaction.on_commit(_ring)
    return told


def _ring() -> None:
    for ringer in _ringers:
        ringer()


def _wanting(event: str, severity: str, only_for: User | None, about: About) -> list[Channel]:
    channels = Channel.objects.filter(is_active=True).exclude(owner__is_active=False)
    channels = channels.select_related("owner", "team")
    if only_for is not None:
        channels = channels.filter(owner=only_for)
    return [
        channel
        for channel in channels
        if RANK[severity] >= RANK[channel.min_severity]
        and (not channel.events or event in channel.events)
        and (not channel.subjects or about.subject in channel.subjects)
        and _may_know(channel, about)
    ]


def _may_know(channel: Channel, about: About) -> bool:
    whose = channel.owner or channel.team
    return about.open_to is None or whose is None or about.open_to(whose)


def _note(channel: Channel, incident: str, fields: dict[str, Any]) -> int:
    """Write where the incident stands for one channel; 1 where that is to be told."""
    notice, made = Notice.objects.get_or_create(channel=channel, incident=incident, defaults=fields)
    notice = Notice.objects.select_for_update().get(pk=notice.pk)
    if not made and notice.due_at is None and notice.told == fields["state"]:
        return 0  # it stands as it was told
    if not made:
        for name, value in fields.items():
            setattr(notice, name, value)
    notice.sequence += 1
    notice.updated_at = now()
    notice.attempts = 0
    notice.due_at = due_for(channel, notice)
    notice.save()
    return 1


def due_for(channel: Channel, notice: Notice) -> dt.datetime:
    """Return when a notice is to be told: each state at most once an interval, digests together."""
    moment = now()
    moment = max(moment, _told_again_at(notice) or moment)
    if not channel.digest_minutes:
        return moment
    others = Notice.objects.filter(channel=channel, due_at__gt=now()).exclude(pk=notice.pk)
    first = others.aggregate(first=Min("due_at"))["first"]
    return max(moment, first or now() + dt.timedelta(minutes=channel.digest_minutes))


def _told_again_at(notice: Notice) -> dt.datetime | None:
    """Return from when on the state of a notice may be told again; None: it was not told yet."""
    if not (last := notice.told_at.get(notice.state)):
        return None
    interval = dt.timedelta(minutes=settings.NOTIFY_INTERVAL_MINUTES)
    return dt.datetime.fromisoformat(last) + interval


def notices_hasten(channel: Channel) -> int:
    """Tell what waits by times that no longer hold when they say now; return how many moved.

    Nothing is told later for it. What a process is about to send is left to it.
    """
    moment = now()
    first = moment + dt.timedelta(minutes=channel.digest_minutes)
    moved = 0
    for notice in Notice.objects.filter(channel=channel, due_at__gt=max(first, moment + LEASE)):
        due = max(first, _told_again_at(notice) or first)
        if notice.due_at is not None and due < notice.due_at:
            same = Notice.objects.filter(pk=notice.pk, due_at=notice.due_at)
            moved += same.update(due_at=due)
    if moved:
        transaction.on_commit(_ring)
    return moved


def notices_due() -> QuerySet[Notice]:
    """Return the notices whose time has come, longest waiting first."""
    return (
        Notice.objects.filter(due_at__lte=now(), channel__is_active=True)
        .select_related("channel")
        .order_by("due_at", "pk")
    )
